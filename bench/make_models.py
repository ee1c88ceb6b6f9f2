# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes LLaMA-shaped models with random weights, the same numbers as ONNX and as GGUF.

usage: make_models.py <output folder> [--models 15M,110M] [--onnx f32,int8] [--gguf q8_0,q4_0]

An ONNX model is a folder llama_<model>_<format> with model.onnx, model.onnx_data and config.json; a GGUF model is a
file llama_<model>-<format>.gguf. What is there stays. Needs Debian's python3-onnx and python3-numpy.
"""
import argparse
import pathlib
import subprocess
import sys

import gguf_model
import onnx_model
from shapes import SHAPES


def onnx_folder(output, name, kind):
    return output / f"llama_{name.lower().replace('.', '_')}_{kind}"


def gguf_file(output, name, kind):
    return output / f"llama_{name.lower().replace('.', '_')}-{kind}.gguf"


def gguf_bytes(shape, kind):
    """Bytes of the matrices that a decoded token reads."""
    _, _, block_bytes, block, _ = gguf_model.FORMATS[kind]
    return (shape.body_macs + shape.head_macs) * block_bytes // block


def make(output, name, onnx_kinds=(), gguf_kinds=()):
    """Makes what is missing."""
    for kind in onnx_kinds:
        folder = onnx_folder(output, name, kind)
        if not (folder / "config.json").exists():
            onnx_model.write(folder, SHAPES[name], kind)
    for kind in gguf_kinds:
        path = gguf_file(output, name, kind)
        if not path.exists():
            output.mkdir(parents=True, exist_ok=True)
            gguf_model.write(path, SHAPES[name], kind)


def make_in_child(output, name, onnx=(), gguf=()):
    """In a process of its own, since a large model takes gigabytes."""
    subprocess.run([sys.executable, __file__, output, "--models", name, "--onnx", ",".join(onnx), "--gguf",
                    ",".join(gguf)], check=True)


def choices(known):
    def parse(text):
        names = [name for name in text.split(",") if name]
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"unknown {name}; known: {', '.join(known)}")
        return names
    return parse


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--models", type=choices(SHAPES), default=["15M", "110M"])
    parser.add_argument("--onnx", type=choices(onnx_model.KINDS), default=["f32"])
    parser.add_argument("--gguf", type=choices(gguf_model.FORMATS), default=[])
    arguments = parser.parse_args()
    for name in arguments.models:
        make(arguments.output, name, arguments.onnx, arguments.gguf)


if __name__ == "__main__":
    main()
