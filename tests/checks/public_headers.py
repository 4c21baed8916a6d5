"""Each public header compiles alone, twice, without warnings, and reaches no third-party header.

    python3 public_headers.py COMPILER ROOT
    python3 public_headers.py --self-test COMPILER
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

THIRD_PARTY = re.compile(r"/(?:nlohmann|xsimd|CLI|gtest|third_party)/")
FLAGS = ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fno-exceptions", "-fno-rtti"]


def faults_of(compiler, folders, name):
    text = f'#include "{name}"\n#include "{name}"\n'
    paths = [argument for folder in folders for argument in ("-I", str(folder))]
    command = [compiler, *FLAGS, *paths, "-x", "c++"]
    run = subprocess.run([*command, "-M", "-"], input=text, capture_output=True, text=True)
    if run.returncode == 0:
        third_party = sorted({path for path in run.stdout.split() if THIRD_PARTY.search(path)})
        if third_party:
            return f"{name}: reaches {third_party[0]}"
        run = subprocess.run([*command, "-fsyntax-only", "-"], input=text, capture_output=True, text=True)
    return f"{name}: {run.stderr.strip()}" if run.returncode != 0 else None


def check(compiler, root):
    folders = [root / "platform/include", root / "sdk/include"]
    names = sorted(path.relative_to(folder).as_posix() for folder in folders for path in folder.rglob("*.h"))
    print(f"{len(names)} public headers")
    return [fault for name in names if (fault := faults_of(compiler, folders, name))]


def self_test(compiler):
    samples = {
        "good.h": ("#pragma once\n#include <vector>\nstruct Good { std::vector<int> x; };\n", True),
        "needs_more.h": ("#pragma once\ninline std::string f() { return {}; }\n", False),
        "unguarded.h": ("struct Twice {};\n", False),
        "warns.h": ("#pragma once\ninline int f(int unused) { return 0; }\n", False),
        "private.h": ('#pragma once\n#include "quant/types.h"\n', False),
        "foreign.h": ('#pragma once\n#include "nlohmann/json.hpp"\n', False),
    }
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in ("platform/include", "sdk/include/nlohmann"):
            (root / name).mkdir(parents=True)
        (root / "sdk/include/nlohmann/json.hpp").write_text("")
        for name, (text, _) in samples.items():
            (root / "sdk/include" / name).write_text(text)
        faults = check(compiler, root)
        for name, (_, good) in samples.items():
            if good == any(fault.startswith(name + ":") for fault in faults):
                failures.append(f"{name}: wanted {'no fault' if good else 'a fault'}, got {faults}")
    return failures


def main(arguments):
    faults = self_test(arguments[1]) if arguments[0] == "--self-test" else check(arguments[0], Path(arguments[1]))
    print("\n".join(faults) or "ok")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
