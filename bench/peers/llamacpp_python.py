"""llama.cpp as pip builds it for this very CPU (llama-cpp-python, its C interface). The same words and the same JSON as llamacpp.mjs:

    llamacpp_python.py speed MODEL THREADS PROMPT_TOKENS NEW_TOKENS
    llamacpp_python.py first MODEL THREADS PROMPT_TOKENS
    llamacpp_python.py tokenize MODEL TEXT_FILE REPEATS
"""
import ctypes
import json
import sys
import time
from pathlib import Path

import llama_cpp as lib


@lib.llama_log_callback
def silent(level, text, data):
    pass


def milliseconds(work):
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def load(path, vocab_only=False):
    params = lib.llama_model_default_params()
    params.n_gpu_layers = 0
    params.vocab_only = vocab_only
    model = lib.llama_model_load_from_file(path.encode(), params)
    if not model:
        sys.exit(f"llama.cpp does not load {path}")
    return model


class Timeline:
    """A context and a greedy sampler: what llama.cpp's own benchmark does, and the choice of a token."""

    def __init__(self, path, threads, context):
        params = lib.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = context, 512, 512
        params.n_threads = params.n_threads_batch = threads
        self.context = lib.llama_init_from_model(load(path), params)
        self.sampler = lib.llama_sampler_init_greedy()

    def evaluate(self, ids):
        array = (lib.llama_token * len(ids))(*ids)
        for at in range(0, len(ids), 512):
            part = (lib.llama_token * min(512, len(ids) - at)).from_buffer(array, at * ctypes.sizeof(lib.llama_token))
            if lib.llama_decode(self.context, lib.llama_batch_get_one(part, len(part))):
                sys.exit("llama_decode failed")

    def sample(self):
        return lib.llama_sampler_sample(self.sampler, self.context, -1)

    def generate(self, ids, wanted):
        for _ in range(wanted):
            self.evaluate(ids)
            ids = [self.sample()]

    def clear(self):
        lib.llama_memory_clear(lib.llama_get_memory(self.context), True)


def prompt(n):
    return [100 + (i * 7919) % 20000 for i in range(n)]


def speed(path, threads, n_prompt, n_new):
    timeline, ids = Timeline(path, threads, n_prompt + n_new + 8), prompt(n_prompt)
    timeline.evaluate(ids[:16])  # the first evaluation touches the mapped weights
    timeline.clear()
    prefill = milliseconds(lambda: timeline.evaluate(ids))
    decode = milliseconds(lambda: timeline.generate(ids[:1], n_new))
    return {"prefill_tps": 1000 * n_prompt / prefill, "decode_tps": 1000 * n_new / decode}


def first(path, threads, n_prompt):
    return {"inside_ms": milliseconds(lambda: Timeline(path, threads, 512).generate(prompt(n_prompt), 1))}


def tokenize(path, text_path, repeats):
    vocab, text = lib.llama_model_get_vocab(load(path, vocab_only=True)), Path(text_path).read_bytes()
    ids, count = (lib.llama_token * len(text))(), 0

    def work():
        nonlocal count
        count = lib.llama_tokenize(vocab, text, len(text), ids, len(ids), False, False)

    best = min(milliseconds(work) for _ in range(repeats))
    return {"tokenize_ms": best, "tokens": count}


what, model, *words = sys.argv[1:]
lib.llama_log_set(silent, ctypes.c_void_p(0))
lib.llama_backend_init()
if what == "tokenize":
    figures = tokenize(model, words[0], int(words[1]))
else:
    figures = {"speed": speed, "first": first}[what](model, *map(int, words))
print(json.dumps(figures), flush=True)
