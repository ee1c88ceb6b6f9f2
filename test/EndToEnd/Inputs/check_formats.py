# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles a model in every number format and compares each product with the reference evaluator.

usage: check_formats.py MODEL FOLDER TEXT [FORMAT...]

MODEL   folder of the exported model
FOLDER  for the products
TEXT    text, named in the model's reference.json, whose perplexity is measured
FORMAT  formats in place of all

Prints a row of docs/quantization.md's table for each format.
"""
import hashlib
import json
import pathlib
import subprocess
import sys

# Largest difference to the reference's logits, relative to the largest logit. The reference computes norms and attention in double
# precision, so that an activation near the middle between two codes may get the other one.
LOGITS_TOLERANCE = 2e-2
# The same where activations are not rounded.
FLOAT_TOLERANCE = 1e-4
# By how much a perplexity may exceed that of the weights as they came.
WORSE = {"bf16": 1.002, "f16": 1.0005, "int8": 1.002, "int8_g32": 1.002, "int6_g64": 1.005}
# (threads, tokens of a prefill; 0: all at once): the logits have the same bits.
RUNS = [(1, 1), (1, 7), (1, 48), (1, 128), (2, 7), (2, 128), (1, 0), (2, 0)]


def fail(message):
    sys.exit("check_formats: " + message)


def output(*arguments):
    return subprocess.run([str(a) for a in arguments], check=True, stdout=subprocess.PIPE).stdout


def formats():
    names = [line.split()[0].decode() for line in output("edgelm-compile", "--print-formats").splitlines()]
    if "int8" not in names:
        fail(f"expected int8 among the formats, found {names}")
    return names


def check_logits(model, folder, options, tolerance):
    """The largest relative difference to the reference evaluator on the packed weights."""
    module = folder / "packed.mlir"
    output("edgelm-compile", model, *options, "--name=model", "--stop-after=pack", "-o", module)
    output("edgelm-reference", module, "--data", model, "--function", "score", "--write", folder / "data")
    found = json.loads(output("edgelm-run", folder / "host", "--verify-data", folder / "data", "--json"))
    if not found:
        fail(f"{options}: nothing was compared")
    worst = max(row["max_rel_diff"] for row in found.values())
    if not worst <= tolerance:  # NaN is above every tolerance
        fail(f"{options}: logits differ by {worst} of the largest, expected at most {tolerance}")
    return worst


def check_bits(folder, text, options):
    program = folder / "same_bits"
    source = pathlib.Path(__file__).parent / "same_bits.c"
    output("cc", "-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", source, f"-I{folder / 'host'}",
           folder / "host" / "libmodel.a", "-lpthread", "-o", program)
    hashes = {run: hashlib.sha256(output(program, text, *run)).hexdigest() for run in RUNS}
    if len(set(hashes.values())) != 1:
        fail(f"{options}: the logits depend on (threads, tokens of a prefill): {hashes}")


def perplexity(product, text, expected):
    return json.loads(output("edgelm-eval", product, "--text", text, "--window", expected["window"], "--json"))["perplexity"]


def compiled(model, folder, options):
    folder.mkdir(parents=True)
    output("edgelm-compile", model, *options, "--name=model", "-o", folder)
    return json.loads((folder / "host" / "model.json").read_text(encoding="utf-8"))


def main():
    model, root, text = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    expected = json.loads((model / "reference.json").read_text(encoding="utf-8"))["perplexity"]
    compiled(model, root / "stored", [])
    stored = perplexity(root / "stored" / "host", text, expected)
    for name in sys.argv[4:] or formats():
        if name == "f32":
            continue
        folder = root / name
        report = compiled(model, folder, ["--quant", name])
        difference = check_logits(model, folder, ["--quant", name], LOGITS_TOLERANCE)
        check_bits(folder, text, name)
        found = perplexity(folder / "host", text, expected)
        if found > stored * WORSE.get(name, 100):
            fail(f"{name}: the perplexity is {found}, that of the weights as they came {stored}")
        print(f"| {name} | {report['bits_per_weight']:.2f} | {found:.3f} | {100 * (found / stored - 1):+.2f} % | {difference:.1e} |",
              flush=True)
    folder = root / "float-activations"
    options = ["--quant", "int4_g32", "--act", "f32"]
    compiled(model, folder, options)
    check_logits(model, folder, options, FLOAT_TOLERANCE)
    check_bits(folder, text, options)


main()
