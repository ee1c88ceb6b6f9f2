# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The corpus (tiny Shakespeare, public domain) and its fixed split.

train.txt        everything up to the first speech boundary at or after 90 %
valid.txt        the rest
valid_small.txt  the start of valid.txt: at most 20 000 bytes, cut at a speech boundary
"""
from pathlib import Path

TEXT = Path(__file__).resolve().parent.parent / "text"
WORK = Path(__file__).resolve().parent / "work"  # the tokenizer and checkpoints
SPEECHES_PER_DOCUMENT = 40
BOUNDARY = "\n\n"


def documents(text):
    """Groups of 40 consecutive speeches; `<|endoftext|>` separates them in training."""
    speeches = text.split(BOUNDARY)
    for start in range(0, len(speeches), SPEECHES_PER_DOCUMENT):
        chunk = BOUNDARY.join(speeches[start:start + SPEECHES_PER_DOCUMENT])
        last = start + SPEECHES_PER_DOCUMENT >= len(speeches)
        yield chunk if last else chunk + BOUNDARY


def read(name):
    # newline="" keeps the bytes as they are
    with open(TEXT / name, encoding="utf-8", newline="") as f:
        return f.read()
