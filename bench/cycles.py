#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Estimates the cycles of a multiply-accumulate in the hot loops of one token's linears, without the machines.

usage: cycles.py [--model DIR] [--targets LIST] [--formats LIST]

The loop of a function that multiplies most goes through llvm-mca, as compiled and as disassembled from llama.cpp's
library for AArch64 where npm has installed it (bench/run.sh does, and makes the model); edgelm-compile is on the PATH.
llvm-mca knows no cache and no branch predictor: an estimate for data in the first-level cache. Prints a table in
Markdown.
"""

import argparse
import dataclasses
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
PEER = HERE / "node_modules/@node-llama-cpp/linux-arm64/bins/linux-arm64"


@dataclasses.dataclass
class Core:
    """A target, the core that llvm-mca models for it, and where llama.cpp keeps its functions for that core."""

    target: str
    triple: str
    cpu: str
    library: str = ""
    functions: dict = dataclasses.field(default_factory=dict)
    # Fields of a word that one `mul` multiplies.
    fields: dict = dataclasses.field(default_factory=dict)


CORES = [
    Core("rpi5", "aarch64", "neoverse-n1", "libggml-cpu-armv8.2_2.so",
         {"int8": "ggml_gemv_q8_0_4x4_q8_0", "int4_g32": "ggml_gemv_q4_0_4x4_q8_0"}),
    Core("rpi4", "aarch64", "cortex-a72", "libggml-cpu-armv8.0_1.so",
         {"int8": "ggml_vec_dot_q8_0_q8_0", "int4_g32": "ggml_vec_dot_q4_0_q8_0"}),
    Core("rpi3", "aarch64", "cortex-a53", "libggml-cpu-armv8.0_1.so",
         {"int8": "ggml_vec_dot_q8_0_q8_0", "int4_g32": "ggml_vec_dot_q4_0_q8_0"}),
    Core("bpi-f3", "riscv64", "spacemit-x60"),
    Core("visionfive2", "riscv64", "sifive-u74", fields={"int8": 2, "int4_g32": 4}),
    Core("cortex-m4", "thumbv7em", "cortex-m4"),
    Core("cortex-m7", "thumbv7em", "cortex-m7"),
    Core("cortex-m55", "thumbv8.1m.main", "cortex-m55"),
]

# Products of an instruction.
MULTIPLIES = [
    (re.compile(r"sdot\s+v\d+\.4s"), 16),
    (re.compile(r"sm(ull|lal)2?\s+v\d+\.8h"), 8),
    (re.compile(r"smlad\s"), 2),
    (re.compile(r"vml(ad)?ava?\.s8\s"), 16),
    (re.compile(r"(mla|mul|mulw|madd)\s"), 1),
]
# Products of a loop that multiplies weights rather than counts something.
FEWEST = 16
VECTOR_MULTIPLY = re.compile(r"vw(mul|macc)(u|su|us)?\.v[xv]\s")
VECTOR_TYPE = re.compile(r"vseti?vli\s+\w+, ?\w+, ?e(\d+), ?(mf?)(\d)")


def run(*words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout


def instructions_of(text):
    """(label or None, instruction) of each line of assembly; directives and comments are left out."""
    for line in text.splitlines():
        line = re.split(r"\s+(?://|@|#\s)|^\s*(?://|@|#)", line)[0].rstrip()
        label = re.match(r"([.\w$]+):$", line)
        if label:
            yield label[1], ""
        elif line.startswith(("\t", " ")) and not line.strip().startswith("."):
            yield None, line.strip()


def functions_of(assembly):
    """Name and instructions of each function."""
    functions, name = {}, None
    for label, instruction in instructions_of(assembly):
        if label and not label.startswith((".L", "$")):
            name = label
            functions[name] = []
        elif name:
            functions[name].append((label, instruction))
    return functions


def products_of(loop):
    """Multiply-accumulates of one iteration; a vector of RISC-V has 128 bits."""
    products, lanes = 0, 0
    for instruction in loop:
        if kind := VECTOR_TYPE.match(instruction):
            lanes = 128 // int(kind[1]) * int(kind[3]) if kind[2] == "m" else 128 // int(kind[1]) // int(kind[3])
        elif VECTOR_MULTIPLY.match(instruction):
            products += lanes
        else:
            products += sum(count for pattern, count in MULTIPLIES if pattern.match(instruction))
    return products


def loops_of(function):
    """From a label to a branch back to it, with no other such branch between that multiplies vectors or many numbers."""
    labels, loops = {}, []
    for at, (label, instruction) in enumerate(function):
        if label:
            labels[label] = at
            continue
        target = re.split(r"[\s,]+", instruction)[-1]
        if target in labels and re.match(r"(b|bne|beq|bl[tosi]|bg[et]|bh[is]|cb|tb|le|j)", instruction):
            loop = [text for name, text in function[labels[target] : at + 1] if not name]
            if not any(labels[target] < first and products_of(inner) >= FEWEST for first, inner in loops):
                loops.append((labels[target], loop))
    return [loop for _, loop in loops]


def hottest(functions):
    """The loop with most products."""
    return max((loop for function in functions for loop in loops_of(function)), key=products_of, default=[])


def estimate(core, loop):
    """Cycles and instructions of one multiply-accumulate."""
    # Where a branch goes is nothing to llvm-mca, but there has to be such a place.
    text = ".Lhere:\n" + "\n".join(re.sub(r"\.L\w+$|<\w.*>$", ".Lhere", line) for line in loop)
    with tempfile.NamedTemporaryFile("w", suffix=".s") as file:
        file.write(text + "\n")
        file.flush()
        report = json.loads(run("llvm-mca-22", f"-mtriple={core.triple}", f"-mcpu={core.cpu}", "-iterations=200",
                                # The instruction that ends a loop of Armv8.1-M.
                                "-skip-unsupported-instructions=lack-sched",
                                *(["-mattr=+v"] if core.cpu == "spacemit-x60" else []), "--json", file.name))
    summary = report["CodeRegions"][0]["SummaryView"]
    products = products_of(loop) * summary["Iterations"]
    return summary["TotalCycles"] / products, summary["Instructions"] / products


def own_loop(model, core, quant):
    with tempfile.TemporaryDirectory() as folder:
        run("edgelm-compile", model, "--target", core.target, "--quant", quant, "--kv", "int8",
            "--context", "256", "--name", "model", "--emit=asm", "-o", folder)
        assembly = (pathlib.Path(folder) / core.target / "model.s").read_text()
    functions = {name: body for name, body in functions_of(assembly).items() if "attention" not in name}
    loop = hottest(body for name, body in functions.items() if "linear_1x" in name)
    # Where kernels share their inner loop, it is a function of its own.
    return loop if products_of(loop) >= FEWEST else hottest(functions.values())


def peer_loop(core, quant):
    library = PEER / core.library
    if not core.library or not library.exists():
        return None
    text = run("llvm-objdump-22", "-d", "--no-show-raw-insn", "--no-leading-addr", "--symbolize-operands",
               f"--disassemble-symbols={core.functions[quant]}", library)
    text = re.sub(r"^\s*<(L\d+)>:", r".\1:", text, flags=re.M)
    text = re.sub(r"^\w+ <(\w+)>:|^<(\w+)>:", lambda m: (m[1] or m[2]) + ":", text, flags=re.M)
    text = re.sub(r"<(L\d+)>", r".\1", text)
    return hottest(functions_of(text).values())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=pathlib.Path, default=HERE.parent / "build/bench/models/llama_15m_f32")
    parser.add_argument("--targets", default=",".join(core.target for core in CORES))
    parser.add_argument("--formats", default="int8,int4_g32")
    options = parser.parse_args()
    print("| target | model of llvm-mca | format | cycles | instructions | llama.cpp's loop | cycles | instructions "
          "| ratio |")
    print("| --- | --- | --- | ---: | ---: | --- | ---: | ---: | ---: |")
    for core in CORES:
        if core.target not in options.targets.split(","):
            continue
        for quant in options.formats.split(","):
            fields = core.fields.get(quant, 1)
            cycles, instructions = (each / fields for each in estimate(core, own_loop(options.model, core, quant)))
            row = f"| {core.target} | {core.cpu} | {quant} | {cycles:.3f} | {instructions:.3f} |"
            loop = peer_loop(core, quant)
            if loop:
                theirs, their_instructions = estimate(core, loop)
                row += f" `{core.functions[quant]}` | {theirs:.3f} | {their_instructions:.3f} | {theirs / cycles:.2f} |"
            else:
                row += " - | - | - | - |"
            print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
