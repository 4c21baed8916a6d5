#!/usr/bin/env python3
"""Writes sdk/src/text/unicode_tables.cpp: classes as the tokenizers library's regular expressions have them (Unicode 16), NFC and
rarely changing properties from the Unicode Character Database 15 (Debian's unicode-data: /usr/share/unicode).

usage: pip install unicodedata2==16.0.0; unicode_tables.py UCD_FOLDER OUTPUT.cpp
"""
import re
import sys
from pathlib import Path

import unicodedata2

BLOCK = 128
LINE = 4000  # nobody reads these lines; short ones would make the file the longest of the house
LETTER, NUMBER, SPACE, MARK, PUNCTUATION, SYMBOL, UPPER, LOWER = (1 << i for i in range(8))  # unicode_tables.h
WORD = UPPER  # of what is neither letter nor mark


def read_rows(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        line = line.split("#")[0].strip()
        if line:
            yield [field.strip() for field in line.split(";")]


def code_points(field):
    first, _, last = field.partition("..")
    return range(int(first, 16), int(last or first, 16) + 1)


def class_of(category):
    bits = {"L": LETTER, "N": NUMBER, "M": MARK, "P": PUNCTUATION, "S": SYMBOL}.get(category[0], 0)
    return bits | {"Lu": UPPER, "Lt": UPPER, "Ll": LOWER, "Nd": WORD, "Nl": WORD, "Pc": WORD}.get(category, 0)


def read_ucd(folder):
    classes = bytearray(class_of(unicodedata2.category(chr(c))) for c in range(0x110000))
    decompositions, combining = {}, {}
    for row in read_rows(folder / "UnicodeData.txt"):
        code = int(row[0], 16)
        if int(row[3]):
            combining[code] = int(row[3])
        if row[5] and not row[5].startswith("<"):
            decompositions[code] = ([int(c, 16) for c in row[5].split()] + [0])[:2]
    for row in read_rows(folder / "PropList.txt"):
        for c in code_points(row[0]):
            if row[1] == "White_Space":
                classes[c] |= SPACE
            elif row[1] in ("Other_Alphabetic", "Join_Control") and not classes[c] & (LETTER | MARK):
                classes[c] |= WORD
    excluded, unstable = set(), set(combining)
    for row in read_rows(folder / "DerivedNormalizationProps.txt"):
        if row[1] == "Full_Composition_Exclusion":
            excluded.update(code_points(row[0]))
        if row[1] == "NFC_QC":
            unstable.update(code_points(row[0]))
    version = re.search(r"-([\d.]+)\.txt", (folder / "PropList.txt").read_text(encoding="utf-8")).group(1)
    return f"{unicodedata2.unidata_version} and {version}", classes, decompositions, combining, excluded, unstable


def ranges(values):
    """[(first, last, value)] of a mapping with equal neighbours joined."""
    result = []
    for c in sorted(values):
        if result and result[-1][1] == c - 1 and result[-1][2] == values[c]:
            result[-1][1] = c
        else:
            result.append([c, c, values[c]])
    return result


def table(declaration, items):
    lines, line = [], " "
    for item in items:
        if len(line) + len(item) + 2 > LINE:
            lines.append(line)
            line = " "
        line += f" {item},"
    return "\n".join([f"{declaration} = {{", *lines, line, "};", ""])


def generate(folder):
    version, classes, decompositions, combining, excluded, unstable = read_ucd(folder)
    blocks, index = {}, []
    for start in range(0, len(classes), BLOCK):
        index.append(blocks.setdefault(bytes(classes[start:start + BLOCK]), len(blocks)))
    assert len(blocks) <= 256, len(blocks)
    composed = sorted(decompositions)
    pairs = [i for i, c in enumerate(composed) if c not in excluded]
    pairs.sort(key=lambda i: decompositions[composed[i]])
    parts = [
        f"// Made by platform/toolchain/unicode_tables.py from the Unicode Character Database {version}.",
        '#include "text/unicode_tables.h"\n\nnamespace sotto::text {\n',
        "// clang-format off",
        f'const char* const kUnicodeVersion = "{version}";\n',
        table(f"const std::array<uint8_t, {len(index)}> kClassIndex", map(str, index)),
    ]

    def span(name, kind, items):
        items = list(items)
        parts.append(table(f"static constexpr {kind} {name}Data[]", items))
        parts.append(f"const std::span<const {kind}> {name}({name}Data);\n")

    span("kClassBlocks", "uint8_t", (str(b) for block in blocks for b in block))
    span("kDecompositions", "Decomposition", ("{{{:#x}, {:#x}, {:#x}}}".format(c, *decompositions[c]) for c in composed))
    span("kCompositions", "uint16_t", map(str, pairs))
    span("kCombiningClasses", "CombiningClass", ("{{{:#x}, {:#x}, {}}}".format(*r) for r in ranges(combining)))
    span("kNfcUnstable", "CodePointRange", ("{{{:#x}, {:#x}}}".format(*r[:2]) for r in ranges(dict.fromkeys(unstable, 0))))
    parts.append("// clang-format on\n\n}  // namespace sotto::text\n")
    return "\n".join(parts)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    Path(sys.argv[2]).write_text(generate(Path(sys.argv[1])), encoding="utf-8")
