#!/usr/bin/env bash
# Puts Emscripten 6 (from a newer Debian suite) and Node.js 24 (from npm) into $SOTTO_CACHE/emscripten, which the wasm presets use.
# The machine's packages stay as they are: Emscripten's tools get the loader and the libraries they were built with.
# Quick when a finished set-up is there.
#
# Environment: SOTTO_CACHE (default ~/.cache/sotto), SOTTO_EMSCRIPTEN_SUITE (default forky; an older suite, without
# Emscripten 6, must be named here to be used).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/debian.sh"

suite=${SOTTO_EMSCRIPTEN_SUITE:-forky}
node_major=24
prefix=$sotto_cache/emscripten
emscripten=$prefix/usr/share/emscripten
complete=$prefix/.complete
version="$suite node$node_major"

if [ -e "$complete" ] && [ "$(cat "$complete")" = "$version" ]; then
  say "Emscripten is in place"
  exit 0
fi

want patchelf patchelf
want python3 python3
want npm npm
install_wanted

# --- packages ------------------------------------------------------------------------------------------------------------------
rm -rf "$prefix"
mkdir -p "$prefix"
lists=$(mktemp -d)
trap 'rm -rf "$lists"' EXIT
open_suite "$lists" "$suite"

# All that `emscripten` depends on in that suite, less what its compilers never load (an interpreter, a node, a whole base system).
closure=$(suite_apt -s install emscripten | sed -n 's/^Inst \([^ ]*\) (\([^ ]*\).*/\1=\2/p')
[ -n "$closure" ] || die "Debian $suite has no installable emscripten at the moment; SOTTO_EMSCRIPTEN_SUITE names another suite"
case $closure in
  *"emscripten=6."*) ;;
  *) [ -n "${SOTTO_EMSCRIPTEN_SUITE:-}" ] || die "Debian $suite has another Emscripten than 6; SOTTO_EMSCRIPTEN_SUITE=$suite takes it" ;;
esac
wanted='emscripten|binaryen|node-acorn|clang-[0-9.]+|lld-[0-9.]+|llvm-[0-9.]+(-runtime|-linker-tools)?|libclang-common-.*-dev'
wanted+='|libclang-cpp.*|libllvm.*|libc6|libgcc-s1|libstdc\+\+6|zlib1g|libzstd1|libxml2.*|libicu[0-9]+|liblzma5|libedit2|libffi[0-9]+'
wanted+='|libz3-.*|libtinfo.*|libbsd0|libmd0'
mapfile -t packages < <(grep -E "^($wanted)=" <<< "$closure")
say "downloading and unpacking ${#packages[@]} packages"
unpack_from_suite "$prefix" "${packages[@]}"
rm -rf "$prefix"/usr/share/{doc,man,locale,lintian,bug}

# --- tools that run beside the machine's own C library ---------------------------------------------------------------------------
say "pointing the tools at their libraries"
first() { find "$prefix/usr" "$@" -print -quit; }
loader=$(first -name 'ld-linux-*.so.*')
libraries=$(dirname "$(first -name libc.so.6)")
llvm=$(dirname "$(first -path '*/llvm-*/bin/clang')")
[ -n "$loader" ] && [ -x "$llvm/wasm-ld" ] || die "the packages of $suite lack a loader or wasm-ld"
used='clang|clang\+\+|clang-[0-9.]+|clang-scan-deps|lld|wasm-ld|llvm-(ar|ranlib|nm|objcopy|strip|dwarfdump|dwp|symbolizer|cxxfilt|readobj|size)'
for tool in "$llvm"/*; do
  [[ ${tool##*/} =~ ^($used)$ ]] || rm -f "$tool"
done
find "$prefix/usr/bin" -xtype l -delete
rm -f "$libraries"/lib{clang,LLVM}*.a
# A search path inside a library would hide the tool's.
for library in "$libraries"/*.so*; do
  [ -L "$library" ] || [ -z "$(patchelf --print-rpath "$library" 2>/dev/null)" ] || patchelf --remove-rpath "$library"
done
for tool in "$llvm"/* "$prefix"/usr/bin/wasm*; do
  [ ! -L "$tool" ] && patchelf --print-interpreter "$tool" >/dev/null 2>&1 || continue
  patchelf --set-interpreter "$loader" --force-rpath --set-rpath "$libraries" "$tool"
  "$loader" --list "$tool" > "$lists/libraries" 2>&1 || { cat "$lists/libraries" >&2; die "${tool##*/} misses a library"; }
done

# --- Node.js: 20 lacks relaxed SIMD (but behind a flag) and memory64 --------------------------------------------------------------
case $(uname -m) in x86_64) machine=x64 ;; aarch64) machine=arm64 ;; *) die "no Node.js package for $(uname -m)" ;; esac
say "npm: node $node_major"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$prefix/npm" "node-linux-$machine@$node_major" >&2
mkdir -p "$prefix/bin" "$prefix/cache" "$emscripten/node_modules"
ln -sfn "$prefix/npm/node_modules/node-linux-$machine/bin/node" "$prefix/bin/node"
"$prefix/bin/node" --version >/dev/null || die "the Node.js from npm does not run"
# Copied, not linked: node looks for a module's imports beside its real path.
cp -r "$prefix"/usr/share/nodejs/acorn* "$emscripten/node_modules/"
cat > "$emscripten/.emscripten" <<CONF
LLVM_ROOT = '$llvm'
BINARYEN_ROOT = '$prefix/usr'
NODE_JS = '$prefix/bin/node'
CACHE = '$prefix/cache'
LLVM_ADD_VERSION = ''
CLANG_ADD_VERSION = ''
CONF

# --- system libraries --------------------------------------------------------------------------------------------------------------
# Each combination of threads, exceptions and assertions is another set, 80 s on 2 cores: the wasm presets share this one.
say "building the system libraries"
cat > "$lists/warm.cpp" <<'CPP'
#include <cstdio>
#include <string>
#include <thread>
int main(int argc, char**) {
  std::string text;
  std::thread([&] { text = std::to_string(argc) + " thread"; }).join();
  std::puts(text.c_str());
}
CPP
"$emscripten/em++" -std=c++20 -O2 -pthread -msimd128 -sPROXY_TO_PTHREAD -sEXIT_RUNTIME -sNODERAWFS -sALLOW_MEMORY_GROWTH \
  -Wno-pthreads-mem-growth "$lists/warm.cpp" -o "$lists/warm.js" > "$lists/log" 2>&1 || { cat "$lists/log" >&2; die "em++ does not link"; }
[ "$("$prefix/bin/node" "$lists/warm.js")" = "1 thread" ] || die "a program with a thread does not run in Node.js"
printf '%s\n' "$version" > "$complete"
say "Emscripten $("$emscripten/emcc" -dumpversion), Node.js $("$prefix/bin/node" --version): $(du -sh "$prefix" | cut -f1) in $prefix"
