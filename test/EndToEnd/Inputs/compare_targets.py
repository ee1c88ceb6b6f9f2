#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the products of one model for several targets and compares their logits and greedy tokens with one of them.

usage: compare_targets.py OUT REFERENCE TOLERANCE; OUT has a folder for each target. The tolerance is relative to the
largest logit."""
import array
import json
import os
import subprocess
import sys

PREFILL, DECODE = 9, 6


def run(folder):
    """The logits of the prefill and of each step, and the tokens of a greedy text."""
    logits = os.path.join(folder, "logits")
    bench = ["edgelm-run", folder, "--bench", "--prefill", str(PREFILL), "--decode", str(DECODE), "--dump-logits", logits]
    subprocess.run(bench, check=True, stdout=subprocess.DEVNULL)
    text = ["edgelm-run", folder, "-p", "ROMEO:", "-n", "12", "--temp", "0", "--json"]
    ids = json.loads(subprocess.run(text, check=True, stdout=subprocess.PIPE).stdout)["ids"]
    values = array.array("f")
    with open(logits, "rb") as file:
        values.frombytes(file.read())
    return values, ids


def main():
    out, reference, tolerance = sys.argv[1], sys.argv[2], float(sys.argv[3])
    expected, expected_ids = run(os.path.join(out, reference))
    largest = max(abs(value) for value in expected)
    failed = False
    for target in sorted(set(os.listdir(out)) - {reference}):
        values, ids = run(os.path.join(out, target))
        assert len(values) == len(expected), target
        worst = max(abs(x - y) for x, y in zip(values, expected)) / largest
        # A NaN is not below anything.
        within = worst <= tolerance
        failed |= not within or ids != expected_ids
        print(f"{target}: {'same' if ids == expected_ids else 'OTHER'} tokens, logits {'within' if within else 'OFF BY'} {worst:.1e}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
