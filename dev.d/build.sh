# Maven: the application directory, the tests, running a main class. Sourced, not run.
# shellcheck shell=bash

APP=$ROOT/target/app

need_build() {
  need_packages "the build" maven gcc libc6-dev linux-libc-dev
  need_jdk
}

maven() {
  # JDK 25 warns about what Maven's own libraries do; that is not about this project.
  MAVEN_OPTS="${MAVEN_OPTS:-} --sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED" \
    mvn -B -ntp -f "$ROOT/pom.xml" "$@"
}

modules() {
  sed -n 's:.*<module>\(.*\)</module>.*:\1:p' "$ROOT/pom.xml"
}

# Jars of every module, and beside each (target/dependency) the jars it needs at run time.
build_jars() {
  say "build"
  rm -rf "$ROOT"/*/target/dependency
  quiet maven package dependency:copy-dependencies -DskipTests -DincludeScope=runtime -Dspotless.check.skip
}

build_app() {
  build_jars
  modules | grep -qx cli || die "the module cli is not part of this checkout" "take a later version"
  say "make $APP"
  rm -rf "$APP"
  mkdir -p "$APP/bin" "$APP/lib"
  cp "$ROOT"/cli/target/dependency/*.jar "$ROOT"/cli/target/cli-*.jar "$APP/lib/"
  install -m 755 "$ROOT/dev.d/braid" "$APP/bin/braid"
  # An archive of loaded classes: starts a third faster. It is refused, not trusted, if a jar changes.
  "$APP/bin/braid" --train "$APP/braid.jsa" >/dev/null
  say "done: $APP/bin/braid"
}

# run_main MODULE CLASS ARGUMENT...: with the class path of that module, in place of this shell.
run_main() {
  local module=$1 main=$2 jars
  shift 2
  modules | grep -qx "$module" || die "the module $module is not part of this checkout" "take a later version"
  local target=$ROOT/$module/target
  jars=$(printf '%s:' "$target/$module"-*.jar "$target"/dependency/*.jar)
  exec "$JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -Xmx256m \
    -Dbraid.app="$APP" -cp "${jars%:}" "$main" "$@"
}

run_tests() {
  say "mvn verify $*"
  local started=$SECONDS
  maven verify "$@"
  say "tests took $((SECONDS - started)) s"
}
