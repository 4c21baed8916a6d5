#!/usr/bin/env python3
"""Tells from the machine code of the matrix kernels how fast a processor that is not at hand would multiply.

    cycles.py BUILD_FOLDER [TARGET] [CPU]          default: avx512_vnni znver4

Compiles the kernels of TARGET as BUILD_FOLDER does, takes the innermost loop of every product, and lets llvm-mca run it on its model of
CPU, with all data in the first-level cache. A model knows ports and latencies, not memory: figures are what a loop could reach at most.
"""
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

KERNEL = re.compile(r"CodedProduct<.*quant::(\w+)::Packing> ?>::compute<(\d+)ul, (\d+)ul>")
# Products of one instruction in a register of 64 bytes.
PRODUCTS = {"vpdpbusd": 64, "vpdpwssd": 32, "vpmaddubsw": 64, "vpmaddwd": 32}


def output(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def assembly(folder, target):
    name = f"sotto_kernel_{target}.dir/target.cpp.o"
    (compiled,) = [line for line in output("ninja", "-C", folder, "-t", "commands", "all").splitlines() if f"-o sdk/src/kernels/CMakeFiles/{name}" in line]
    command = shlex.split(compiled)
    with tempfile.NamedTemporaryFile(suffix=".s") as file:
        command[command.index("-o") + 1] = file.name
        output(*[word for word in command if not word.startswith("-flto")], "-S", "-g0", cwd=folder)
        return Path(file.name).read_text().splitlines()


def functions(lines):
    """Name and lines of every function, names as C++ has them."""
    found, name = {}, None
    for line in lines:
        if match := re.match(r"(_Z\w+):", line):
            name = found.setdefault(match[1], [])
        elif line.startswith(".Lfunc_end"):
            name = None
        elif name is not None:
            name.append(line)
    return zip(output("llvm-cxxfilt-19", input="\n".join(found)).splitlines(), found.values())


def multiplications(lines, widened):
    """Of the instructions that multiply; sums of pairs are vpmaddwd too, where products are of bytes."""
    total = 0
    for line in lines:
        words = line.replace("{vex}", "").split()
        if words and words[0] in PRODUCTS and (words[0] != "vpmaddwd" or widened):
            total += PRODUCTS[words[0]] * (1 if "%zmm" in line else 0.5 if "%ymm" in line else 0.25)
    return total


def innermost_loop(lines):
    labels, loops = {}, []
    widened = not any(name in line for line in lines for name in ("vpdpbusd", "vpmaddubsw"))
    for i, line in enumerate(lines):
        if match := re.match(r"(\.LBB\w+):", line):
            labels[match[1]] = i
        elif (match := re.match(r"\s+j\w+\s+(\.LBB\w+)", line)) and match[1] in labels:
            loop = lines[labels[match[1]] : i + 1]
            if count := multiplications(loop, widened):
                loops.append((len(loop), count, loop))
    return min(loops)[1:]


def main(folder, target="avx512_vnni", cpu="znver4"):
    rates = {}
    for name, lines in functions(assembly(folder, target)):
        if not (match := KERNEL.search(name)):
            continue
        of_type, tokens, whole_tile = rates.setdefault(match[1], {}), int(match[2]), match[3] != "0"
        if tokens in of_type and not whole_tile:
            continue  # that of a tile which these tokens fill is the one that decoding runs
        count, loop = innermost_loop(lines)
        code = "\n".join(line for line in loop if not re.match(r"\s*\.(p2align|loc|cfi)", line))
        report = output("llvm-mca-19", f"-mcpu={cpu}", "-iterations=100", input=code)
        of_type[tokens] = count / (int(re.search(r"Total Cycles:\s+(\d+)", report)[1]) / 100)
    tiles = sorted({tokens for of_type in rates.values() for tokens in of_type})
    print(f"{target} on {cpu}, multiplications per cycle\n")
    print("| tokens |", " | ".join(rates), "|\n|", " --- |" * (len(rates) + 1))
    for tokens in tiles:
        print(f"| {tokens} |", " | ".join(f"{rates[name][tokens]:.1f}" if tokens in rates[name] else "-" for name in rates), "|")


if __name__ == "__main__":
    main(*sys.argv[1:]) if 2 <= len(sys.argv) <= 4 else sys.exit(__doc__)
