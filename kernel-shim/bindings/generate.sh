#!/bin/sh
# Regenerates braid.kernel.jextract from sys.h and includes.args. Run by `./dev bindings`.
#
# The output is committed and the build never needs this script. It needs, on a Debian 12 with the
# headers of linux-libc-dev 6.1 and libc6-dev 2.36:
#   - jextract on PATH: https://github.com/openjdk/jextract, module version 23, commit f9866df3a178
#   - libclang 13 to 15 (package libclang-14-dev); 16 and newer fail on linux/io_uring.h
# Newer headers are fine too; `git diff` then shows what they changed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$here/../src/main/java
package=braid.kernel.jextract

if ! command -v jextract >/dev/null 2>&1; then
  echo "bindings: no 'jextract' on PATH. Build https://github.com/openjdk/jextract (commit f9866df3a178)" >&2
  echo "bindings: with libclang-14-dev and JDK 25, and put its bin directory on PATH." >&2
  exit 2
fi
version=$(jextract --version 2>&1 | head -n 1)
if [ "$version" != "jextract 23" ]; then
  echo "bindings: made with 'jextract 23', this is '$version': check the diff before you commit" >&2
fi

# jextract's own copy of the compiler headers (stddef.h ...) may be absent in a build by hand.
clang_include=
for dir in /usr/lib/llvm-15/lib/clang/*/include /usr/lib/llvm-14/lib/clang/*/include \
    /usr/lib/llvm-13/lib/clang/*/include; do
  if [ -f "$dir/stddef.h" ]; then clang_include=$dir; break; fi
done

# Comments and blank lines of the list are for people.
args=$(mktemp)
trap 'rm -f "$args"' EXIT
grep -v -e '^#' -e '^$' "$here/includes.args" >"$args"

rm -rf "$out/braid/kernel/jextract"
cd "$here"
jextract ${clang_include:+-I "$clang_include"} -t "$package" --header-class-name Sys \
  --output "$out" "@$args" sys.h
echo "bindings: $(find "$out/braid/kernel/jextract" -name '*.java' | wc -l) files in $package"
