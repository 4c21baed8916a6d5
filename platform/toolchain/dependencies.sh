#!/usr/bin/env bash
# Installs what building Sotto needs and this machine lacks: tools by apt, and header-only libraries that Debian 12 has too old
# (xsimd without a wasm target) from a newer suite, unpacked below $SOTTO_CACHE/deps. Quick when nothing is missing.
#
#   dependencies.sh [build] [test] [neon] [bench] [web] [format] [model]     default: build
#
# Environment: SOTTO_CACHE (default ~/.cache/sotto), SOTTO_DEPS_SUITES (default "forky trixie": the first that works).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/debian.sh"

for part in "${@:-build}"; do
  case $part in
    build)
      want clang-19 clang++-19
      want lld-19 ld.lld-19
      want llvm-19 llvm-ar-19
      want cmake cmake
      want ninja-build ninja
      want libcurl4-openssl-dev
      ;;
    test)
      want libclang-rt-19-dev
      want python3 python3
      want git git
      want pkg-config pkg-config
      want gzip gunzip
      ;;
    neon)
      want libstdc++-12-dev-arm64-cross
      want qemu-user qemu-aarch64
      ;;
    bench)
      want npm npm
      want libbenchmark-dev
      ;;
    web)
      want npm npm
      want chromium chromium
      want zopfli zopfli
      ;;
    format) want clang-format-19 clang-format-19 ;;
    model)
      want python3 python3
      python3 -m pip --version >/dev/null 2>&1 || want python3-pip
      ;;
    *) die "unknown part '$part'" ;;
  esac
done
install_wanted

headers=(libxsimd-dev nlohmann-json3-dev libcli11-dev googletest)
deps=$sotto_cache/deps
complete() { [ -e "$deps/.complete" ] && [ "$(cat "$deps/.complete")" = "${headers[*]}" ]; }
if ! complete; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  for suite in ${SOTTO_DEPS_SUITES:-forky trixie}; do
    open_suite "$work/$suite" "$suite" && unpack_from_suite "$work/deps" "${headers[@]}" && break
    rm -rf "$work/deps"
  done
  [ -d "$work/deps" ] || die "none of the suites ${SOTTO_DEPS_SUITES:-forky trixie} has ${headers[*]}"
  rm -rf "$work"/deps/usr/share/doc
  printf '%s\n' "${headers[*]}" > "$work/deps/.complete"
  mkdir -p "$sotto_cache"
  # Into place by rename, so that an interrupted run leaves no half of it.
  mv "$work/deps" "$sotto_cache/.deps.$$"
  rm -rf "$deps"
  mv "$sotto_cache/.deps.$$" "$deps"
  say "headers of $suite: $(tr '\n' ' ' < "$deps/packages.txt")"
fi
say "dependencies are in place"
