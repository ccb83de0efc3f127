# What every part of ./dev uses: messages, Debian packages, work done once. Sourced, not run.
# shellcheck shell=bash

# Every step says what it does, on standard error: standard output belongs to the verb.
say() { printf '[dev] %s\n' "$*" >&2; }

# die WHAT REMEDY: stops with the reason and what to do about it.
die() {
  printf '[dev] error: %s\n[dev] remedy: %s\n' "$1" "$2" >&2
  exit 1
}

usage() {
  printf '[dev] %s\n\n' "$1" >&2
  help >&2
  exit 2
}

# Runs a command silently; shows all it said only if it fails.
quiet() {
  local log
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    die "failed: $*" "see the lines above"
  fi
  rm -f "$log"
}

has_package() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

has_candidate() {
  local candidate
  candidate=$(LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p')
  [ -n "$candidate" ] && [ "$candidate" != '(none)' ]
}

# The package lists are refreshed once per run at most, and only when something is to be installed.
APT_FRESH=
apt_refresh() {
  [ -z "$APT_FRESH" ] || return 0
  [ "$(id -u)" = 0 ] || die "packages must be installed, and this is not root" "run as root"
  say "apt-get update"
  quiet apt-get update -q
  APT_FRESH=yes
}

# need_packages WHY PACKAGE...: installs those that are missing.
need_packages() {
  local why=$1 missing=() package
  shift
  for package; do
    has_package "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  apt_refresh
  say "install for $why: ${missing[*]}"
  DEBIAN_FRONTEND=noninteractive quiet apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# shellcheck disable=SC2034  # used by qemu.sh
DEBIAN_RELEASE=$(sed -n 's/^VERSION_ID="\{0,1\}\([0-9]*\).*/\1/p' /etc/os-release)
DEBIAN_MIRROR=${BRAID_DEBIAN_MIRROR:-http://deb.debian.org}

# Apt looking at Debian 13 only, with lists, state and archives of its own: the machine's own
# package sources and packages stay as they are.
trixie_apt() {
  local apt=$CACHE/trixie
  if [ ! -f "$apt/apt.conf" ]; then
    mkdir -p "$apt/lists/partial" "$apt/archives/partial"
    : >"$apt/status"
    local key=/usr/share/keyrings/debian-archive-keyring.gpg
    cat >"$apt/sources.list" <<LIST
deb [signed-by=$key] $DEBIAN_MIRROR/debian trixie main
deb [signed-by=$key] $DEBIAN_MIRROR/debian trixie-updates main
deb [signed-by=$key] $DEBIAN_MIRROR/debian-security trixie-security main
LIST
    cat >"$apt/apt.conf.new" <<CONF
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "-";
Dir::State::Lists "$apt/lists";
Dir::State::Status "$apt/status";
Dir::Cache "$apt";
Dir::Cache::Archives "$apt/archives";
APT::Sandbox::User "root";
CONF
    mv "$apt/apt.conf.new" "$apt/apt.conf"
  fi
  APT_CONFIG=$apt/apt.conf "$@"
}

TRIXIE_FRESH=
trixie_refresh() {
  [ -z "$TRIXIE_FRESH" ] || return 0
  say "read Debian 13's package lists (privately; this machine's apt sources stay as they are)"
  quiet trixie_apt apt-get update -q
  TRIXIE_FRESH=yes
}

# unpack_debs DIRECTORY FILE...
unpack_debs() {
  local into=$1 deb
  shift
  mkdir -p "$into"
  for deb; do
    dpkg-deb -x "$deb" "$into"
  done
}
