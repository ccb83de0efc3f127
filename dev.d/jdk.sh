# A JDK 25: the one that is there, else Debian's package, else Debian 13's package unpacked
# privately together with the C library it needs. Sourced, not run.
# shellcheck shell=bash

PRIVATE_JDK=$CACHE/jdk-25

is_jdk25() {
  [ -x "$1/bin/javac" ] && grep -qs '^JAVA_VERSION="25' "$1/release"
}

find_jdk() {
  local home
  for home in "${JAVA_HOME:-}" /usr/lib/jvm/*25* "$PRIVATE_JDK/usr/lib/jvm/java-25-openjdk-amd64"; do
    if [ -n "$home" ] && is_jdk25 "$home"; then
      echo "$home"
      return 0
    fi
  done
  return 1
}

# Leaves JAVA_HOME pointing at a JDK 25.
need_jdk() {
  local home
  if ! home=$(find_jdk); then
    if ! has_candidate openjdk-25-jdk-headless; then
      apt_refresh
    fi
    if has_candidate openjdk-25-jdk-headless; then
      need_packages "the compiler" openjdk-25-jdk-headless
      if has_candidate openjdk-25-jmods; then
        need_packages "the guest's runtime" openjdk-25-jmods
      fi
    else
      private_jdk
    fi
    home=$(find_jdk) || die "no JDK 25 after installing one" "set JAVA_HOME to a JDK 25"
  fi
  if [ "${JAVA_HOME:-}" != "$home" ]; then
    say "JDK 25: $home"
  fi
  export JAVA_HOME=$home
  export PATH=$JAVA_HOME/bin:$PATH
}

# Debian 13's JDK needs a newer C library than Debian 12 has. It gets its own copy beside it, and
# its programs are told to use that one.
private_jdk() {
  need_packages "a private JDK 25" patchelf file ca-certificates-java
  trixie_refresh
  say "unpack Debian 13's openjdk-25 and its C library under $PRIVATE_JDK"
  local work=$CACHE/jdk-25.new packages
  rm -rf "$work"
  mkdir -p "$work/debs"
  packages=(openjdk-25-jdk-headless openjdk-25-jre-headless libc6 libgcc-s1 libstdc++6 zlib1g)
  if trixie_apt apt-cache show openjdk-25-jmods >/dev/null 2>&1; then
    packages+=(openjdk-25-jmods)
  fi
  (cd "$work/debs" && quiet trixie_apt apt-get download -q "${packages[@]}")
  unpack_debs "$work" "$work"/debs/*.deb
  rm -rf "$work/debs"
  # The package keeps its configuration in /etc and links to it.
  local jvm=$work/usr/lib/jvm/java-25-openjdk-amd64 link target
  while IFS= read -r link; do
    target=$(readlink "$link")
    case $target in
      /etc/java-25-openjdk*)
        rm "$link"
        cp -aL "$work$target" "$link"
        ;;
    esac
  done < <(find "$jvm" -type l)
  patch_private_jdk "$jvm" "$PRIVATE_JDK/usr/lib/x86_64-linux-gnu"
  rm -rf "$PRIVATE_JDK"
  mv "$work" "$PRIVATE_JDK"
}

# patch_private_jdk JVM LIBS: LIBS is where the C library will be when all is in place.
patch_private_jdk() {
  local jvm=$1 libs=$2 program
  for program in "$jvm"/bin/* "$jvm"/lib/jspawnhelper; do
    if file -b "$program" | grep -q '^ELF'; then
      patchelf --set-interpreter "$libs/ld-linux-x86-64.so.2" \
        --force-rpath --set-rpath "\$ORIGIN/../lib:\$ORIGIN:$libs" "$program"
    fi
  done
}
