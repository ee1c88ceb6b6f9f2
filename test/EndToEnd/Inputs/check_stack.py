# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the stack of products as their reports state it with what their calls take on the targets' emulators.

usage: check_stack.py PRODUCT_FOLDER...

A call must take no more than is stated for it, and at most SLACK bytes less: a frame is counted to its end, while the
paint shows the lowest byte that was written.
"""
import json
import pathlib
import subprocess
import sys

SLACK = 256


def measured(folder):
    command = ["edgelm-run", str(folder), "--bench", "--prefill", "40", "--decode", "4", "--json"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)["stack_bytes"]


def main():
    for folder in map(pathlib.Path, sys.argv[1:]):
        (report,) = [json.loads(path.read_text()) for path in folder.glob("*.json")]
        stated, found = report["stack_bytes_by_call"]["prefill"], measured(folder)
        print(f"{folder.name}: prefill takes {found} bytes of stack, stated are {stated}, of any call {report['stack_bytes']}")
        if not found <= stated <= found + SLACK or stated > report["stack_bytes"]:
            sys.exit(f"expected at most {SLACK} bytes more than are taken")


main()
