# Sourced by the set-up scripts: packages of this machine by apt, and packages of a newer Debian suite unpacked into a folder of
# ours, without touching the machine's own. Messages go to stderr with the seconds since the script began.

sotto_cache=${SOTTO_CACHE:-$HOME/.cache/sotto}

say() { printf '[%s %3ds] %s\n' "${0##*/}" "$SECONDS" "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# want PACKAGE [COMMAND]: notes the package as missing unless COMMAND is on PATH or, without COMMAND, dpkg has it.
missing_packages=()
want() {
  if [ $# -gt 1 ]; then
    command -v "$2" >/dev/null 2>&1 && return 0
  else
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] && return 0
  fi
  missing_packages+=("$1")
}

install_wanted() {
  [ ${#missing_packages[@]} -gt 0 ] || return 0
  [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null || die "neither root nor sudo: install ${missing_packages[*]}"
  say "apt: ${missing_packages[*]}"
  as_root apt-get -qq -o DPkg::Lock::Timeout=300 update >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
    install -y --no-install-recommends "${missing_packages[@]}" >/dev/null
  missing_packages=()
}

# The archive this machine was installed from; it carries the newer suites as well.
debian_archive() {
  local release archive
  release=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
  served() { apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 2>/dev/null | awk -v release="$release" '$1 == release {print $2; exit}'; }
  archive=$(served)
  [ -n "$archive" ] || { as_root apt-get -qq update >&2; archive=$(served); }
  [ -n "$archive" ] || die "no apt source of this machine serves its own release"
  printf '%s' "$archive"
}

# open_suite FOLDER SUITE: makes `suite_apt` read SUITE through lists, cache and an empty package database below FOLDER.
open_suite() {
  suite_folder=$1
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg archive
  [ -r "$keyring" ] || { want debian-archive-keyring; install_wanted; }
  archive=$(debian_archive) || exit 1
  mkdir -p "$suite_folder"/{lists/partial,cache/archives/partial,parts,preferences}
  : > "$suite_folder/status"
  printf 'deb [arch=%s signed-by=%s] %s %s main\n' "$(dpkg --print-architecture)" "$keyring" "$archive" "$2" \
    > "$suite_folder/sources.list"
  # Mirrors may hold a snapshot older than the suite's Valid-Until; signatures are checked all the same.
  cat > "$suite_folder/apt.conf" <<CONF
Dir::State "$suite_folder";
Dir::State::status "$suite_folder/status";
Dir::Cache "$suite_folder/cache";
Dir::Etc::SourceList "$suite_folder/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Parts "$suite_folder/parts";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "$suite_folder/preferences";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Debug::NoLocking "true";
CONF
  apt-config dump | grep -E '^Acquire::https?::' >> "$suite_folder/apt.conf" || true  # proxies and certificates of this machine
  say "reading the package lists of Debian $2"
  suite_apt update >&2
}
suite_apt() { APT_CONFIG=$suite_folder/apt.conf apt-get -qq "$@"; }

# unpack_from_suite FOLDER PACKAGE...: downloads (apt checks signatures and hashes) and unpacks, installing nothing.
unpack_from_suite() {
  local folder=$1 archive
  shift
  mkdir -p "$suite_folder/archives"
  (cd "$suite_folder/archives" && suite_apt download "$@") >&2 || return 1
  mkdir -p "$folder"
  for archive in "$suite_folder"/archives/*.deb; do dpkg-deb -x "$archive" "$folder" || return 1; done
  (cd "$suite_folder/archives" && printf '%s\n' *.deb) > "$folder/packages.txt"
}
