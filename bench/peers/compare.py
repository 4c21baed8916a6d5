"""Sotto beside llama.cpp (npm node-llama-cpp, prebuilt, CPU) on the same file: rounds alternate, medians are told.

    compare.py SOTTO MODEL... [--threads 1,2] [--rounds 5] [--prompt 512] [--new 128] [--out FILE.json]

node-llama-cpp is installed by npm into $SOTTO_CACHE/peers when it is missing.
"""
import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

CACHE = Path(os.environ.get("SOTTO_CACHE", Path.home() / ".cache/sotto")) / "peers"
VERSION = "3"
HERE = Path(__file__).resolve().parent


def install():
    """npm's package and the binary of this machine alone; all of them together would be 700 MB."""
    if not (CACHE / "node_modules/node-llama-cpp").is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        machine = {"x86_64": "linux-x64", "aarch64": "linux-arm64"}[platform.machine()]
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional", "--prefix", CACHE,
                        f"node-llama-cpp@{VERSION}", f"@node-llama-cpp/{machine}@{VERSION}"], check=True, stdout=sys.stderr)
    # A module is looked for beside the script that imports it.
    shutil.copy(HERE / "llamacpp.mjs", CACHE / "llamacpp.mjs")


def last_json(command):
    output = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout
    return json.loads(output[output.index("{"):])


def peer(model, threads, args):
    return last_json(["node", CACHE / "llamacpp.mjs", model, threads, args.prompt, args.new])


def ours(model, threads, args):
    run = last_json([args.sotto, "bench", model, "-t", threads, "-p", args.prompt, "-n", args.new, "-r", 1, "--json", "--quiet"])
    return run["runs"][0] | {"target": run["target"]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sotto")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--new", type=int, default=128)
    parser.add_argument("--out")
    args = parser.parse_args()
    install()
    rows = []
    for model in args.models:
        for threads in map(int, args.threads.split(",")):
            rounds = {"sotto": [], "llama.cpp": []}
            for _ in range(args.rounds):
                rounds["sotto"].append(ours(model, threads, args))
                rounds["llama.cpp"].append(peer(model, threads, args))
            row = {"model": Path(model).name, "threads": threads, "target": rounds["sotto"][0]["target"]}
            for what in ("prefill_tps", "decode_tps"):
                medians = {name: statistics.median(r[what] for r in results) for name, results in rounds.items()}
                row[what] = {name: {"median": medians[name], "min": min(r[what] for r in results), "max": max(r[what] for r in results)}
                             for name, results in rounds.items()}
                row[what]["ratio"] = medians["sotto"] / medians["llama.cpp"]
            rows.append(row)
            print("{model:36} {threads} threads {target:12}".format(**row), end="")
            for what in ("prefill_tps", "decode_tps"):
                sotto, other = row[what]["sotto"]["median"], row[what]["llama.cpp"]["median"]
                print(f"  {what} {sotto:7.1f} : {other:7.1f} = {row[what]['ratio']:.2f}", end="")
            print(flush=True)
    if args.out:
        Path(args.out).parent.mkdir(parents=True, exist_ok=True)
        Path(args.out).write_text(json.dumps(rows, indent=1) + "\n")


main()
