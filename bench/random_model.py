"""A GGUF file with the shape of a published model and random weights: fine for speed, worthless for anything else.

    random_model.py SHAPE TYPE OUT.gguf      SHAPE: smollm2-135m gpt2-124m qwen3-0.6b llama-3.2-1b      TYPE: Q8_0 Q4_0 Q4_K F16

Which tensor gets which type follows published files of that name: norms, biases and positions are F32; Q4_0 and Q4_K (that is Q4_K_M) keep the
tied head in Q6_K, and Q4_K gives half of ffn_down and attn_v Q6_K, GPT-2's attn_qkv Q5_K. A matrix whose columns are no multiple of 256 (all of
SmolLM2's but ffn_down) takes Q5_0, Q5_1 and Q8_0 for Q4_K, Q5_K and Q6_K. The tokenizer is byte-level with made-up words, as many as the real
one has. The same arguments give the same bytes.
"""
import argparse
import itertools
import math
import random
import struct
import sys

PIECE = 1 << 22  # random bytes made at once
ALIGNMENT = 32

SHAPES = {
    "smollm2-135m": dict(arch="llama", layers=30, dim=576, ffn=1536, heads=9, kv_heads=3, head_dim=64, vocab=49152, context=8192,
                         rope=100000.0, eps=1e-5, pre="smollm"),
    "gpt2-124m": dict(arch="gpt2", layers=12, dim=768, ffn=3072, heads=12, kv_heads=12, head_dim=64, vocab=50257, context=1024,
                      eps=1e-5, pre="gpt-2"),
    "qwen3-0.6b": dict(arch="qwen3", layers=28, dim=1024, ffn=3072, heads=16, kv_heads=8, head_dim=128, vocab=151936, context=40960,
                       rope=1000000.0, eps=1e-6, pre="qwen2"),
    "llama-3.2-1b": dict(arch="llama", layers=16, dim=2048, ffn=8192, heads=32, kv_heads=8, head_dim=64, vocab=128256, context=131072,
                         rope=500000.0, eps=1e-5, pre="llama-bpe", rope_freqs=True),
}

# Of each block type: its number in GGUF, weights and bytes of a block, the standard deviation that uniformly random codes have in units of the
# block's scale d, and where the float16 fields lie, as multiples of d that make the mean of the weights zero.
BLOCKS = {
    "Q8_0": (8, 32, 34, 73.6, {0: 1}),
    "Q4_0": (2, 32, 18, 4.61, {0: 1}),
    "Q5_0": (6, 32, 22, 9.23, {0: 1}),
    "Q5_1": (7, 32, 24, 9.23, {0: 1, 2: -15.5}),
    "Q4_K": (12, 256, 144, 256.0, {0: 1, 2: 7.5}),
    "Q5_K": (13, 256, 176, 521.0, {0: 1, 2: 15.5}),
    "Q6_K": (14, 256, 210, 1367.0, {208: 1}),
}
NUMBER = {"F32": 0, "F16": 1} | {name: block[0] for name, block in BLOCKS.items()}
FILE_TYPE = {"F16": 1, "Q4_0": 2, "Q8_0": 7, "Q4_K": 15}
NARROW = {"Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}


def matrix_type(file_type, name, layer, shape, columns):
    """What `llama-quantize` makes of a matrix in a file of this type."""
    part = name.split(".")[-2]
    kind = file_type
    if part == "token_embd" and file_type.startswith("Q4"):  # the head as well: it is tied
        kind = "Q6_K"
    elif file_type == "Q4_K" and part in ("attn_v", "ffn_down"):
        eighth = shape["layers"] // 8
        kind = "Q6_K" if layer < eighth or layer >= 7 * shape["layers"] // 8 or (layer - eighth) % 3 == 2 else "Q4_K"
    elif file_type == "Q4_K" and part == "attn_qkv":
        kind = "Q5_K"
    return NARROW[kind] if kind in NARROW and columns % 256 else kind


def tensors(shape, file_type):
    """(name, dimensions with columns first, type), in the order of the file."""
    dim, ffn, q, kv = shape["dim"], shape["ffn"], shape["heads"] * shape["head_dim"], shape["kv_heads"] * shape["head_dim"]
    layer_norms = shape["arch"] == "gpt2"

    def matrix(name, columns, rows, layer=0):
        yield f"{name}.weight", (columns, rows), matrix_type(file_type, f"{name}.weight", layer, shape, columns)
        if layer_norms and name != "token_embd":
            yield f"{name}.bias", (rows,), "F32"

    def norm(name, width):
        yield f"{name}.weight", (width,), "F32"
        if layer_norms:
            yield f"{name}.bias", (width,), "F32"

    yield from matrix("token_embd", dim, shape["vocab"])
    if layer_norms:
        yield "position_embd.weight", (dim, shape["context"]), "F32"
    if shape.get("rope_freqs"):
        yield "rope_freqs.weight", (shape["head_dim"] // 2,), "F32"
    yield from norm("output_norm", dim)
    for i in range(shape["layers"]):
        block = f"blk.{i}."
        yield from norm(block + "attn_norm", dim)
        if layer_norms:
            yield from matrix(block + "attn_qkv", dim, q + 2 * kv, i)
        else:
            for name, rows in (("attn_q", q), ("attn_k", kv), ("attn_v", kv)):
                yield from matrix(block + name, dim, rows, i)
            if shape["arch"] == "qwen3":
                yield from norm(block + "attn_q_norm", shape["head_dim"])
                yield from norm(block + "attn_k_norm", shape["head_dim"])
        yield from matrix(block + "attn_output", q, dim, i)
        yield from norm(block + "ffn_norm", dim)
        if not layer_norms:
            yield from matrix(block + "ffn_gate", dim, ffn, i)
        yield from matrix(block + "ffn_up", dim, ffn, i)
        yield from matrix(block + "ffn_down", ffn, dim, i)


def byte_letters():
    """How byte-level vocabularies spell the 256 bytes: printable Latin-1 as itself, the rest from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]


def vocabulary(size):
    """Bytes, then words of growing length, each the merge of a shorter word and a letter, then control tokens at the end."""
    controls = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokens, merges = byte_letters(), []
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    words = ["\u0120", *letters]  # U+0120 is a blank
    while len(tokens) < size - len(controls):
        longer = list(itertools.islice(((word, letter) for word in words for letter in letters), size - len(controls) - len(tokens)))
        merges += [f"{word} {letter}" for word, letter in longer]
        words = [word + letter for word, letter in longer]
        tokens += words
    return tokens + controls, merges, [1] * len(tokens) + [3] * len(controls)


def metadata(name, shape, file_type):
    """Key, kind and value. Kinds: u(32 bits) f(loat) b(ool) s(tring), in a list for an array."""
    arch = shape["arch"]
    tokens, merges, types = vocabulary(shape["vocab"])
    yield "general.architecture", "s", arch
    yield "general.name", "s", f"random weights, shape of {name}"
    yield "general.file_type", "u", FILE_TYPE[file_type]
    yield "general.quantization_version", "u", 2
    yield f"{arch}.block_count", "u", shape["layers"]
    yield f"{arch}.context_length", "u", shape["context"]
    yield f"{arch}.embedding_length", "u", shape["dim"]
    yield f"{arch}.feed_forward_length", "u", shape["ffn"]
    yield f"{arch}.attention.head_count", "u", shape["heads"]
    if arch == "gpt2":
        yield f"{arch}.attention.layer_norm_epsilon", "f", shape["eps"]
    else:
        yield f"{arch}.attention.head_count_kv", "u", shape["kv_heads"]
        yield f"{arch}.attention.key_length", "u", shape["head_dim"]
        yield f"{arch}.attention.value_length", "u", shape["head_dim"]
        yield f"{arch}.attention.layer_norm_rms_epsilon", "f", shape["eps"]
        yield f"{arch}.rope.freq_base", "f", shape["rope"]
        yield f"{arch}.rope.dimension_count", "u", shape["head_dim"]
        yield f"{arch}.vocab_size", "u", shape["vocab"]
    yield "tokenizer.ggml.model", "s", "gpt2"
    yield "tokenizer.ggml.pre", "s", shape["pre"]
    yield "tokenizer.ggml.tokens", ["s"], tokens
    yield "tokenizer.ggml.token_type", ["i"], types
    yield "tokenizer.ggml.merges", ["s"], merges
    yield "tokenizer.ggml.bos_token_id", "u", len(tokens) - 3
    yield "tokenizer.ggml.eos_token_id", "u", len(tokens) - 3
    yield "tokenizer.ggml.add_bos_token", "b", False


KINDS = {"u": (4, lambda v: struct.pack("<I", v)), "i": (5, lambda v: struct.pack("<i", v)), "f": (6, lambda v: struct.pack("<f", v)),
         "b": (7, lambda v: struct.pack("<?", v)), "s": (8, lambda v: string(v))}


def string(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def pair(key, kind, value):
    number, pack = KINDS[kind[0]]
    if isinstance(kind, str):
        return string(key) + struct.pack("<I", number) + pack(value)
    return string(key) + struct.pack("<IIQ", 9, number, len(value)) + b"".join(map(pack, value))


def n_bytes(dims, kind):
    if kind in ("F32", "F16"):
        return math.prod(dims) * (4 if kind == "F32" else 2)
    _, weights, size, _, _ = BLOCKS[kind]
    return math.prod(dims) // weights * size


def padding(offset):
    return -offset % ALIGNMENT


def floats(name, dims, rng):
    if name == "rope_freqs.weight":  # Llama 3's: short waves as they are, long ones stretched eight times
        values = [1.0 if i < dims[0] // 2 else 8.0 for i in range(dims[0])]
    elif name.endswith("norm.weight"):
        values = [1.0] * dims[0]
    else:
        values = [rng.uniform(-0.02, 0.02) for _ in range(math.prod(dims))]
    return struct.pack(f"<{len(values)}f", *values)


def float16(count, deviation, rng):
    """Random signs and mantissas; the exponent is one of two, so that there are no infinities and no outliers."""
    exponent = 15 + math.floor(math.log2(deviation))
    table = bytes((b & 0x83) | ((exponent - (b >> 2 & 1)) << 2) for b in range(256))
    data = bytearray(rng.randbytes(2 * count))
    data[1::2] = data[1::2].translate(table)
    return data


def blocks(kind, count, deviation, rng):
    """Random codes and sub-scales; the float16 fields of all blocks get the scale that gives the weights this deviation."""
    _, _, size, unit, fields = BLOCKS[kind]
    data = bytearray(rng.randbytes(size * count))
    if kind == "Q8_0":  # codes are symmetric, no quantizer writes -128
        data = data.replace(b"\x80", b"\x81")
    for offset, factor in fields.items():
        low, high = struct.pack("<e", factor * deviation / unit)
        data[offset::size] = bytes([low]) * count
        data[offset + 1::size] = bytes([high]) * count
    return data


def matrix_pieces(dims, kind, rng):
    """Deviation 1/sqrt(columns) keeps activations at their size, as training does."""
    deviation = 1 / math.sqrt(dims[0])
    _, weights, size, _, _ = BLOCKS.get(kind, (1, 1, 2, 1, {}))
    left = math.prod(dims) // weights
    while left:
        count = min(left, PIECE // size)
        yield float16(count, deviation, rng) if kind == "F16" else blocks(kind, count, deviation, rng)
        left -= count


def write(name, file_type, path):
    shape, rng = SHAPES[name], random.Random(1)
    pairs = [pair(*item) for item in metadata(name, shape, file_type)]
    listed = list(tensors(shape, file_type))
    header, offset = [b"GGUF", struct.pack("<IQQ", 3, len(listed), len(pairs)), *pairs], 0
    for tensor, dims, kind in listed:
        header.append(string(tensor) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, NUMBER[kind], offset))
        offset += n_bytes(dims, kind)
        offset += padding(offset)
    head = b"".join(header)
    with open(path, "wb") as file:
        file.write(head + bytes(padding(len(head))))
        for tensor, dims, kind in listed:
            for piece in [floats(tensor, dims, rng)] if kind == "F32" else matrix_pieces(dims, kind, rng):
                file.write(piece)
            file.write(bytes(padding(file.tell())))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("type", choices=FILE_TYPE)
    parser.add_argument("out")
    args = parser.parse_args()
    write(args.shape, args.type, args.out)
    print(args.out, file=sys.stderr)


main()
