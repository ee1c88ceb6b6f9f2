# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Collects small ONNX files below folders as seeds of a fuzzer, each under the hash of its bytes.

usage: seeds.py FOLDER... OUTPUT
"""
import hashlib
import pathlib
import sys

LARGEST = 16000  # bytes: mutations of larger files rarely hit what matters


def main():
    *folders, output = map(pathlib.Path, sys.argv[1:])
    output.mkdir(parents=True, exist_ok=True)
    for folder in folders:
        for path in folder.rglob("*.onnx"):
            if path.stat().st_size <= LARGEST:
                data = path.read_bytes()
                (output / hashlib.sha1(data).hexdigest()).write_bytes(data)


if __name__ == "__main__":
    main()
