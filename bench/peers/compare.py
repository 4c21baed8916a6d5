"""Sotto beside llama.cpp on the same file: engines alternate in rounds, each time in a fresh process; medians are told.

    compare.py SOTTO MODEL... [--rows speed,first,tokenizer,busy] [--peers node-llama-cpp,llama-cpp-python] [--threads 1,2] [--rounds 5]
               [--prompt 512] [--new 128] [--text FILE] [--out FILE.json]

speed      prefill of --prompt tokens and decode of --new, tokens per second
first      milliseconds from the start of the process to the first token after a prompt of 16, the file being in the page cache. Sotto's whole
           process counts; of llama.cpp's neither the start of its interpreter nor the loading of the package around it (engines.py).
tokenizer  milliseconds for --text, whole, on one thread
busy       speed with 2 threads while one other process never sleeps, beside 1 thread alone in the same rounds, with a quarter of the tokens:
           what spins at barriers gets very slow. Made for machines of 2 cores.

llama.cpp comes in two builds. node-llama-cpp is installed when it is missing; llama-cpp-python is compiled, for ten minutes or more, when
--peers names it, and used when it is there. A ratio says how many times better Sotto is than the better of the two; the JSON has both.
A line ends with the load average and the cores that others took where one of them was above 0.5. The former holds the benchmark's own runs,
the latter does not.
"""
import argparse
import gzip
import json
import os
import platform
import tempfile
from pathlib import Path

from engines import PEERS, NodeLlamaCpp, Sotto
from measure import busy_process, into_page_cache, measure
from report import Row

ANCHOR_TEXT = Path(__file__).resolve().parents[3] / "shared/anchors/text/wiki.test.raw.gz"
FIRST_PROMPT = 16


def words(text):
    return text.split(",")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sotto")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--rows", type=words, default=list(ROWS))
    parser.add_argument("--peers", type=words)
    parser.add_argument("--threads", type=lambda text: [int(word) for word in words(text)], default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--new", type=int, default=128)
    parser.add_argument("--text", type=Path, default=ANCHOR_TEXT)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    unknown = [f"--rows {name}" for name in args.rows if name not in ROWS] + [f"--peers {name}" for name in args.peers or () if name not in PEERS]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; rows are {', '.join(ROWS)}, peers {', '.join(PEERS)}")
    return args


def speed(args, model, engines):
    for threads in args.threads:
        measured = measure(engines, args.rounds, lambda engine: engine.speed(model, threads, args.prompt, args.new))
        yield Row("speed", model, threads, measured, ["prefill_tps", "decode_tps"])


def first(args, model, engines):
    for threads in args.threads:
        measured = measure(engines, args.rounds, lambda engine: engine.first(model, threads, FIRST_PROMPT))
        yield Row("first", model, threads, measured, ["first_token_ms"], smaller_is_better=True)


def tokenizer(args, model, engines):
    if not args.text.exists():
        print(f"{args.text.name} is absent (--text): no tokenizer row")
        return
    with tempfile.NamedTemporaryFile() as text:
        data = args.text.read_bytes()
        text.write(gzip.decompress(data) if args.text.suffix == ".gz" else data)
        text.flush()
        measured = measure(engines, args.rounds, lambda engine: engine.tokenize(model, text.name))
    yield Row("tokenizer", model, 1, measured, ["tokenize_ms"], smaller_is_better=True)


def busy(args, model, engines):
    prompt, new = max(1, args.prompt // 4), max(2, args.new // 4)

    def ask(engine):
        alone = engine.speed(model, 1, prompt, new)
        with busy_process():
            disturbed = engine.speed(model, 2, prompt, new)
        figures = {key: disturbed[key] for key in disturbed if key == "target"}
        for phase in ("prefill", "decode"):
            value, reference = disturbed[f"{phase}_tps"], alone[f"{phase}_tps"]
            figures |= {f"{phase}_tps": value, f"{phase}_alone_tps": reference, f"{phase}_of_alone": value / reference}
        return figures

    yield Row("busy", model, 2, measure(engines, args.rounds, ask), ["prefill_tps", "decode_tps"])


ROWS = {"speed": speed, "first": first, "tokenizer": tokenizer, "busy": busy}


def main():
    args = arguments()
    peers = [PEERS[name]() for name in args.peers] if args.peers else [kind() for kind in PEERS.values() if kind is NodeLlamaCpp or kind().installed()]
    for peer in peers:
        peer.install()
    engines, rows = [Sotto(args.sotto), *peers], []
    for model in args.models:
        into_page_cache(model)
        for what in args.rows:
            for row in ROWS[what](args, model, engines):
                rows.append(row.json())
                print(row.line(), flush=True)
                if args.out:  # after each row: on a busy machine all of them take long
                    write(args, rows)


def write(args, rows):
    args.out.parent.mkdir(parents=True, exist_ok=True)
    report = {"machine": platform.machine(), "cores": os.cpu_count(), "prompt_tokens": args.prompt, "max_tokens": args.new,
              "rounds": args.rounds, "rows": rows}
    args.out.write_text(json.dumps(report, indent=1) + "\n")


main()
