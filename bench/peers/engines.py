"""How each engine is started and asked. All answer the same four questions, each in a fresh process:

    speed(model, threads, prompt, new)    {"prefill_tps", "decode_tps"}
    first(model, threads, prompt)         {"first_token_ms", ...}: from the start of the process to the first token
    tokenize(model, text_file)            {"tokenize_ms", "tokens"}: the best of some repeats
    install()                             makes it ready; npm and pip packages go to $SOTTO_CACHE/peers, a folder each
"""
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

CACHE = Path(os.environ.get("SOTTO_CACHE", Path.home() / ".cache/sotto")) / "peers"
HERE = Path(__file__).resolve().parent
REPEATS = 3  # of a tokenization, in each round
CONTEXT = 512  # where only the first token counts: a cache that large is made by every engine
LIMIT_S = 900  # of one process


class Failed(Exception):
    """An engine that does not do it; says why in one line."""


def run(command, stdin=None):
    """The object it prints, and the milliseconds from its start to its first byte."""
    command = [str(part) for part in command]
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        with subprocess.Popen(command, stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, bufsize=0) as process:
            limit = threading.Timer(LIMIT_S, process.kill)
            limit.start()
            output = process.stdout.read(1)
            elapsed = 1000 * (time.perf_counter() - start)
            output += process.stdout.read()
            limit.cancel()
        if process.returncode:
            errors.seek(0)
            said = [line.strip() for line in errors.read().decode(errors="replace").splitlines() if line.strip()]
            said.append(f"status {process.returncode} after {time.perf_counter() - start:.0f} s")
            reason = next((line for line in said if "error" in line.lower()), said[-1])
            for part in command:  # results hold no paths of this machine
                reason = reason.replace(part, Path(part).name)
            raise Failed(reason)
    try:
        return json.loads(output[output.index(b"{"):]), elapsed
    except ValueError:
        raise Failed(f"printed no JSON but {output[:64]!r}") from None


class Sotto:
    name = "sotto"

    def __init__(self, binary):
        self.binary = binary

    def install(self):
        pass

    def speed(self, model, threads, prompt, new):
        report, _ = run([self.binary, "bench", model, "-t", threads, "-p", prompt, "-n", new, "-r", 1, "--json", "--quiet"])
        return {key: report["runs"][0][key] for key in ("prefill_tps", "decode_tps")} | {"target": report["target"]}

    def first(self, model, threads, prompt):
        ids = ",".join(str(100 + i * 7919 % 20000) for i in range(prompt))
        report, elapsed = run([self.binary, "run", model, "--tokens", ids, "-n", 1, "--context", CONTEXT, "--threads", threads,
                               "--ignore-eos", "--json", "--quiet"])
        return {"first_token_ms": elapsed, "load_ms": report["timings"]["load_ms"]}

    def tokenize(self, model, text_file):
        """The command on the text less the command on nothing; printing the ids is in it, so the truth is a little better."""
        def best(path):
            times = []
            for _ in range(REPEATS):
                with open(path, "rb") as text:
                    report, elapsed = run([self.binary, "tokenize", model, "--no-bos", "--json", "--quiet"], stdin=text)
                times.append(elapsed)
            return min(times), len(report["ids"])

        (full, tokens), (empty, _) = best(text_file), best(os.devnull)
        return {"tokenize_ms": full - empty, "tokens": tokens}


class Adapter:
    """A script that runs llama.cpp inside an interpreter: NAME speed|first|tokenize MODEL ..."""

    def speed(self, model, threads, prompt, new):
        return run([*self.command(), "speed", model, threads, prompt, new])[0]

    def first(self, model, threads, prompt):
        """The whole process, less what its interpreter takes for an empty program. The time inside, from the request to load the file to the
        first token, leaves out the package around llama.cpp as well, and with it some of llama.cpp's own start; it is what the peer is
        credited with, as the smaller figure."""
        said, whole = run([*self.command(), "first", model, threads, prompt])
        empty = self.empty_ms()
        return {"first_token_ms": min(said["inside_ms"], whole - empty), "inside_ms": said["inside_ms"], "process_ms": whole,
                "empty_process_ms": empty}

    def empty_ms(self):
        start = time.perf_counter()
        subprocess.run(self.empty, check=True)
        return 1000 * (time.perf_counter() - start)

    def tokenize(self, model, text_file):
        return run([*self.command(), "tokenize", model, text_file, REPEATS])[0]


class NodeLlamaCpp(Adapter):
    """npm's prebuilt binaries, which pick the best of some CPU levels when they load."""
    name = "node-llama-cpp"
    version = "3"
    empty = ["node", "-e", "0"]
    folder = CACHE / name

    def command(self):
        return ["node", self.folder / "llamacpp.mjs"]

    def installed(self):
        return (self.folder / "node_modules/node-llama-cpp").is_dir()

    def install(self):
        """npm's package and the binary of this machine alone; all of them together would be 700 MB."""
        if not self.installed():
            self.folder.mkdir(parents=True, exist_ok=True)
            machine = {"x86_64": "linux-x64", "aarch64": "linux-arm64"}[platform.machine()]
            subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional", "--prefix",
                            self.folder, f"node-llama-cpp@{self.version}", f"@node-llama-cpp/{machine}@{self.version}"], check=True,
                           stdout=sys.stderr)
        # A module is looked for beside the script that imports it.
        shutil.copy(HERE / "llamacpp.mjs", self.folder / "llamacpp.mjs")


class LlamaCppPython(Adapter):
    """pip's sources, compiled for this very CPU: llama.cpp's best case. The build takes ten minutes of one core or more."""
    name = "llama-cpp-python"
    version = "0.3"
    folder = CACHE / name
    python = folder / "bin/python"
    empty = [str(python), "-c", "0"]

    def command(self):
        return [self.python, HERE / "llamacpp_python.py"]

    def installed(self):
        return any(self.folder.glob("lib/python*/site-packages/llama_cpp"))

    def install(self):
        if self.installed():
            return
        subprocess.run([sys.executable, "-m", "venv", self.folder], check=True)
        options = {"CMAKE_ARGS": "-DGGML_NATIVE=ON -DCMAKE_C_FLAGS=-march=native -DCMAKE_CXX_FLAGS=-march=native "
                                 "-DLLAVA_BUILD=OFF -DLLAMA_OPENSSL=OFF",
                   "CMAKE_BUILD_PARALLEL_LEVEL": "2"}
        subprocess.run(["nice", "-n", "10", self.python, "-m", "pip", "install", "--quiet", "--no-binary", "llama-cpp-python",
                        f"llama-cpp-python~={self.version}.0"], check=True, stdout=sys.stderr, env=os.environ | options)


PEERS = {peer.name: peer for peer in (NodeLlamaCpp, LlamaCppPython)}
