# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Says what shows that a family of models is read: docs/families.md.

usage: family_table.py DOCS FOLDER [--check]

DOCS    the folder of exports.md, and of families.md
FOLDER  for models and products

Prints the page. With --check, fails where families.md says anything else; differences may be up to ten times those of
the page, since they depend on the processor.
"""
import argparse
import pathlib
import sys

from export_table import outcome
from families import DECODERS, ENCODERS, write

HEADER = """# The families of models

What shows that a family is read: a model of [exports.md](exports.md), or a small one of `test/Models/Inputs/families.py` with random
weights and the clutter that its family's exports have, whose outputs Python computes while it writes the graph.
Each of the latter is compiled with no options and its product compared with these outputs, a decoder token by token
through its cache; the number is the largest difference, relative to the largest output. `test/Models/families.test` makes this table
and fails when the project does anything else:

```
python3 test/Models/Inputs/family_table.py docs /tmp/families > docs/families.md
```

No pass knows a family: what a row shows is its combination of parts.

| family | what it has | shown by | becomes | difference |
| --- | --- | --- | --- | --- |
"""
EXPORTED = "exports"

FAMILIES = [
    ("LLaMA, SmolLM", "RMS norm, rotary positions, grouped heads, a gated SiLU", "shakespeare-llama"),
    ("LLaMA, fused", "com.microsoft GroupQueryAttention with a past, f16", "tiny-qwen35-gqa-fp16"),
    ("Mistral", "a sliding window in every layer", "mistral"),
    ("Qwen2", "biases of queries, keys and values; a tied head", "qwen2"),
    ("Qwen3", "norms of each head's queries and keys", "qwen3"),
    ("Gemma", "a scaled embedding, norms by 1 + weight, a gated GELU, one head of keys", "gemma"),
    ("Gemma 2", "soft caps of scores and logits, norms behind each block, a window in every other layer", "gemma2"),
    ("Phi", "half of each head rotated, attention and feed-forward side by side, biases everywhere", "phi"),
    ("GPT-2", "learned positions, layer norm, GELU by tanh", "shakespeare-gpt2"),
    ("GPT-NeoX, Pythia", "a quarter of each head rotated, side by side, two norms", "shakespeare-neox"),
    ("OPT", "learned positions behind an offset, ReLU", "shakespeare-opt"),
    ("BLOOM", "ALiBi from the mask's places, a norm of the embedding", "bloom"),
    ("Falcon", "multi-query attention, side by side", "falcon"),
    ("Falcon-RW", "ALiBi, one block after the other", "falcon-alibi"),
    ("BERT, classes", "token types, a pooler and classes of a text or a pair", "bert-classes"),
    ("BERT, token classes", "classes of each token", "bert-token-classes"),
    ("DistilBERT", "no token types, classes of a text", "speaker-distilbert"),
    ("MiniLM", "the mean of the tokens, of length 1", "minilm"),
    ("RoBERTa", "positions that count what is no padding", "roberta"),
]

FOOTER = """
T5 is not read: an encoder-decoder has no product, neither its relative positions nor its cross attention.
"""


def exported(docs, name):
    """The cells of a row of exports.md."""
    rows = [line for line in (docs / "exports.md").read_text(encoding="utf-8").splitlines() if line.startswith(f"| {name} |")]
    if len(rows) != 1:
        sys.exit(f"family_table: expected one row for {name} in exports.md, found {len(rows)}")
    return tuple(cell.strip() for cell in rows[0].split("|")[2:4])


def generated(name, folder):
    model = folder / name / name
    write(name, model)
    state, difference, reason = outcome(model, folder / name / "product")
    return state + (": " + reason if reason else ""), difference


def row(family, parts, name, state, difference):
    return f"| {family} | {parts} | {name} | {state} | {difference} |"


def agrees(line, family, parts, name, state, difference):
    """Whether the line of the page says the same, with a difference at least a tenth of the one found."""
    cells = [cell.strip() for cell in line.split("|")[1:-1]]
    near = difference is None or float(difference) <= 10 * float(cells[4]) + 1e-6
    return cells[:4] == [family, parts, name, state] and near


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("docs", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    shown = {name for _, _, name in FAMILIES}
    if missing := (set(DECODERS) | set(ENCODERS)) - shown:
        sys.exit(f"family_table: no row shows {', '.join(sorted(missing))}")
    lines = []
    for family, parts, name in FAMILIES:
        if name in DECODERS or name in ENCODERS:
            state, difference = generated(name, arguments.folder)
            difference = None if difference is None else f"{difference:.1e}"
        else:
            state, difference = exported(arguments.docs, name)
        lines.append((family, parts, name, state, difference))
    if not arguments.check:
        sys.stdout.write(HEADER + "\n".join(row(*line[:4], line[4] or "") for line in lines) + "\n" + FOOTER)
        return
    page = (arguments.docs / "families.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in page if line.startswith("| ")][2:]
    if len(rows) != len(lines):
        sys.exit(f"family_table: the page has {len(rows)} rows, expected {len(lines)}")
    for found, line in zip(lines, rows):
        if not agrees(line, *found):
            sys.exit(f"family_table: the page says\n{line}\nbut it is\n{row(*found[:4], found[4] or '')}")


main()
