#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles a model for every target in every number format, runs each product and prints a table: whether it computes
what the reference target does, and what it costs.

usage: matrix.py [--model FOLDER] [--targets a,b] [--formats a,b] [-o FILE]

Products of other machines run under qemu. A product is equal to the reference, the first target, when its greedy tokens
are the same and no logit differs by more than the format's tolerance, relative to the largest. Exits with 1 when one is
not, and prints the rows all the same. edgelm-compile and edgelm-run have to be in PATH."""
import argparse
import array
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
REFERENCE = "x86-64-v2"
# A row of each kind of code; boards have that of their core.
TARGETS = ("x86-64-v3,rpi2,rpi3,rpi4,rpi5,jetson-orin,neoverse-v1,visionfive2,bpi-f3,"
           "cortex-m0plus,cortex-m3,cortex-m4,cortex-m7,cortex-m33,cortex-m55,rv32imc,rv32imac")
FORMATS = "f32,f16,int8,int8_g32,int6_g64,int4_g32,int4a_g32,int4p_g64,int3_g64,int2_g64,nf4_g64"
CONTEXT, CHUNK, PREFILL, DECODE, PREDICT = 64, 8, 16, 4, 12
# Where matrices are in floats, nothing is rounded in between; with int8 activations a sum that differs in its last bit can
# move an activation by one step (docs/quantization.md).
FLOAT_TOLERANCE, INTEGER_TOLERANCE = 1e-3, 2e-2


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"matrix.py: {' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


def measure(folder, is_counted):
    """Logits, greedy tokens and the costs of one product."""
    logits = folder / "logits"
    bench = ["edgelm-run", folder, "--bench", "--prefill", PREFILL, "--decode", DECODE, "--repeat", 1, "--dump-logits",
             logits, "--json"] + (["--count-instructions"] if is_counted else [])
    costs = json.loads(run(list(map(str, bench))))
    text = ["edgelm-run", folder, "-p", "ROMEO:", "-n", str(PREDICT), "--json"]
    values = array.array("f")
    values.frombytes(logits.read_bytes())
    return values, json.loads(run(list(map(str, text))))["ids"], costs


def sections(folder, name):
    """Bytes of the library by kind of section: code, tables, data."""
    sizes = {"code": 0, "tables": 0}
    for line in run(["llvm-readelf-22", "-SW", str(folder / f"lib{name}.a")]).splitlines():
        words = line.replace("[ ", "[").split()
        if len(words) < 9 or not words[0].startswith("[") or words[2] != "PROGBITS":
            continue
        flags = words[7]
        if "A" in flags and ".edgelm" not in words[1]:
            sizes["code" if "X" in flags else "tables"] += int(words[5], 16)
    return sizes


def kib(size):
    return f"{size / 1024:.1f}"


def rows_of(name, quant, targets, out, model):
    """The table's rows for one format, and whether all are equal to the reference."""
    command = ["edgelm-compile", model, "--name", name, "--context", CONTEXT, "--prefill-chunk", CHUNK, "--quant", quant,
               "--target", ",".join([REFERENCE, *targets]), "-o", out]
    run(list(map(str, command)))
    tolerance = FLOAT_TOLERANCE if quant in ("f32", "f16", "bf16") else INTEGER_TOLERANCE
    expected, expected_ids, _ = measure(out / REFERENCE, False)
    largest = max(map(abs, expected))
    for target in targets:
        report = json.loads((out / target / f"{name}.json").read_text())
        values, ids, costs = measure(out / target, not target.startswith("x86"))
        worst = max(abs(a - b) for a, b in zip(values, expected, strict=True)) / largest
        is_equal = worst <= tolerance and ids == expected_ids  # a NaN is not below anything
        verdict = "the same bits" if values == expected else f"{worst:.0e}"
        sizes = sections(out / target, name)
        instructions = costs.get("decode_instructions_per_token")
        yield is_equal, [target, quant, verdict if is_equal else f"NOT EQUAL ({verdict})", kib(report["weight_bytes"]),
                         kib(sizes["code"]), kib(sizes["tables"]), kib(report["arena_bytes"]),
                         str(costs.get("stack_bytes", "")), f"{instructions / 1e6:.3f}" if instructions else ""]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / "examples/models/shakespeare-opt")
    parser.add_argument("--targets", default=TARGETS)
    parser.add_argument("--formats", default=FORMATS)
    parser.add_argument("-o", "--output", type=pathlib.Path)
    arguments = parser.parse_args()
    head = ["target", "format", "difference", "weights, KiB", "code, KiB", "tables, KiB", "arena, KiB", "stack, bytes",
            "million instructions a token"]
    lines = ["| " + " | ".join(head) + " |", "| --- | --- | --- |" + " ---: |" * (len(head) - 3)]
    is_good = True
    for quant in arguments.formats.split(","):
        with tempfile.TemporaryDirectory(prefix="edgelm-matrix") as folder:
            for is_equal, row in rows_of("model", quant, arguments.targets.split(","), pathlib.Path(folder), arguments.model):
                is_good &= is_equal
                lines.append("| " + " | ".join(row) + " |")
                print(lines[-1], flush=True)
    if arguments.output:
        arguments.output.write_text("\n".join(lines) + "\n")
    sys.exit(not is_good)


if __name__ == "__main__":
    main()
