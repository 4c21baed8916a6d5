"""Rules that can be read off the source text: layers, machines, headers, lengths.

    python3 source_checks.py {layers|machines|headers|lengths} ROOT
    python3 source_checks.py --self-test
"""
import re
import sys
import tempfile
from pathlib import Path

LAYERS = ["platform", "simd", "quant", "tensor", "kernels", "ops", "formats", "text", "model", "convert", "sampling", "generate",
          "api", "facade", "bindings"]
INCLUDE_ROOTS = ["platform/include", "platform/src", "platform", "sdk/include", "sdk/src", "bindings", "bindings/c/include"]
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)
MACHINE = re.compile(r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b.*(?:__AVX|__SSE|__F16C|__FMA|__ARM|__aarch64|__x86_64|__i386|__wasm"
                     r"|__EMSCRIPTEN|_WIN32|__linux|__APPLE|__unix|_MSC_VER)")
FORBIDDEN = {"iostream", "sstream", "regex", "format"}  # each adds 47 to 128 kB gzip to the wasm
INTRINSICS = re.compile(r"^(?:xsimd/.*|[a-z0-9]*mmintrin\.h|immintrin\.h|x86intrin\.h|avx.*intrin\.h|arm_.*\.h|wasm_simd128\.h)$")
MAX_LINES, LONG_LINES = 600, 400


def sources(root):
    for top in ("platform", "sdk", "bindings"):
        for path in sorted((root / top).rglob("*")):
            if path.is_file() and path.suffix in (".h", ".cpp", ".c", ".inc"):
                yield path.relative_to(root).as_posix()


def layer_of(path):
    """The layer's name; "public" for the plain headers of the SDK, which every layer of the SDK may use."""
    parts = path.split("/")
    if parts[0] == "platform":
        return "simd" if parts[1] == "simd" else "platform"
    if parts[0] == "bindings":
        return "facade" if parts[1] == "facade" else "bindings"
    if parts[1] == "include":
        return "public"
    return parts[2] if len(parts) > 3 else "api"


def resolve(root, name):
    for folder in INCLUDE_ROOTS:
        if (root / folder / name).is_file():
            return f"{folder}/{name}"
    return None


def includes(root, path):
    text = (root / path).read_text(encoding="utf-8")
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start(2)) + 1, match.group(1) == '"', match.group(2)


def layers(root):
    faults = []
    for path in sources(root):
        own = layer_of(path)
        if own != "public" and own not in LAYERS:
            faults.append(f"{path}: folder {own} is not in the list of layers")
            continue
        for line, quoted, name in includes(root, path):
            target = resolve(root, name)
            at = f"{path}:{line}: {name}"
            if target is None:
                if quoted:
                    faults.append(f"{at} is not found from an include root ({', '.join(INCLUDE_ROOTS)})")
                continue
            used = layer_of(target)
            if name.endswith(".inl.h") and used == "kernels" and own != "kernels":
                faults.append(f"{at}: kernel templates are for kernels only")
            elif own == "public":
                if not name.startswith("sotto/"):
                    faults.append(f"{at}: a public header includes public headers only")
            elif used == "public":
                if own in ("platform", "simd"):
                    faults.append(f"{at}: {own} cannot know the SDK")
            elif LAYERS.index(used) > LAYERS.index(own):
                faults.append(f"{at}: {own} comes before {used}")
    return faults


def machines(root):
    faults = []
    for path in sources(root):
        if path.startswith("sdk/"):
            for number, line in enumerate((root / path).read_text(encoding="utf-8").splitlines(), 1):
                if MACHINE.search(line):
                    faults.append(f"{path}:{number}: {line.strip()}")
    return faults


def headers(root):
    faults = []
    for path in sources(root):
        for line, _, name in includes(root, path):
            at = f"{path}:{line}: {name}"
            if path.startswith("sdk/") and name in FORBIDDEN:
                faults.append(f"{at}: too large for the wasm")
            if name.startswith("nlohmann/") and path != "sdk/src/formats/json.cpp":
                faults.append(f"{at}: belongs to sdk/src/formats/json.cpp")
            if INTRINSICS.match(name) and not path.startswith("platform/simd/"):
                faults.append(f"{at}: belongs to platform/simd")
    return faults


def lengths(root):
    faults = []
    for path in sources(root):
        n = (root / path).read_text(encoding="utf-8").count("\n")
        if n > LONG_LINES:
            print(f"{path}: {n} lines")
        if n > MAX_LINES and "tables" not in Path(path).name:
            faults.append(f"{path}: {n} lines, more than {MAX_LINES}")
    return faults


CHECKS = {"layers": layers, "machines": machines, "headers": headers, "lengths": lengths}

# A small house in which each check has something to find: path -> (text, {check: faults}).
SAMPLE = {
    "platform/include/sotto/result.h": ("", {}),
    "platform/src/pool.h": ('#include "quant/types.h"\n', {"layers": 1}),
    "platform/src/clock.cpp": ('#ifdef __linux__\n#include <iostream>\n#include "sotto/options.h"\n#endif\n', {"layers": 1}),
    "platform/simd/avx2.h": ("#include <immintrin.h>\n#include <xsimd/xsimd.hpp>\n", {}),
    "sdk/include/sotto/options.h": ('#include "sotto/result.h"\n', {}),
    "sdk/include/sotto/leaky.h": ('#include "quant/types.h"\n#include <nlohmann/json.hpp>\n', {"layers": 1, "headers": 1}),
    "sdk/src/quant/types.h": ('#include "pool.h"\n#include "sotto/options.h"\n#include <vector>\n', {}),
    "sdk/src/quant/types.cpp": ('#include "ops/linear.h"\n#include "types.h"\n', {"layers": 2}),
    "sdk/src/kernels/matmul.inl.h": ("#include <xsimd/xsimd.hpp>\n#if defined(__AVX2__)\n#endif\n", {"headers": 1, "machines": 1}),
    "sdk/src/kernels/target.cpp": ('#include "kernels/matmul.inl.h"\n#  ifdef  __wasm_simd128__\n#elif _WIN32\n#endif\n',
                                   {"machines": 2}),
    "sdk/src/ops/linear.h": ('#include "kernels/matmul.inl.h"\n#include <arm_neon.h>\n', {"layers": 1, "headers": 1}),
    "sdk/src/formats/json.cpp": ("#include <nlohmann/json.hpp>\n", {}),
    "sdk/src/text/bpe.cpp": ("#include <regex>\n#include <format>\n// #if on __linux is only spoken of here\n", {"headers": 2}),
    "sdk/src/extras/odd.cpp": ("", {"layers": 1}),
    "sdk/src/model/long.cpp": ("\n" * 601, {"lengths": 1}),
    "sdk/src/text/unicode_tables.h": ("\n" * 601, {}),
}


def self_test():
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, (text, _) in SAMPLE.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        for name, check in CHECKS.items():
            faults = check(root)
            for path, (_, wanted) in SAMPLE.items():
                found = [fault for fault in faults if fault.startswith(path + ":")]
                if len(found) != wanted.get(name, 0):
                    failures.append(f"{name} {path}: wanted {wanted.get(name, 0)} faults, got {found}")
    return failures


def main(arguments):
    if arguments == ["--self-test"]:
        faults = self_test()
    else:
        root = Path(arguments[1])
        print(f"{arguments[0]}: {sum(1 for _ in sources(root))} files")
        faults = CHECKS[arguments[0]](root)
    print("\n".join(faults) or "ok")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
