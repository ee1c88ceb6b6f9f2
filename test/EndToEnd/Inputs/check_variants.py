# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""usage: check_variants.py PRODUCT ALONE=CPU...

On each of qemu's processors the product decodes the same tokens, with as many instructions, to a hundredth, as the
product ALONE that was compiled for the variant which is to be chosen there."""
import json
import subprocess
import sys


def measure(product, cpu):
    command = ["edgelm-run", product, "--cpu", cpu, "--bench", "--count-instructions", "--prefill", "4", "--decode", "3"]
    return json.loads(subprocess.run([*command, "--json"], check=True, capture_output=True).stdout)


counts = []
for pair in sys.argv[2:]:
    alone, cpu = pair.split("=", 1)
    ours, theirs = measure(sys.argv[1], cpu), measure(alone, cpu)
    assert ours["ids"] == theirs["ids"], (cpu, ours["ids"], theirs["ids"])
    count, expected = (run["decode_instructions_per_token"] for run in (ours, theirs))
    assert abs(count - expected) <= expected / 100, (cpu, count, expected)
    counts.append(count)
assert counts[0] > 1.5 * counts[-1], counts
print(f"{len(counts)} processors, each its own kernels")
