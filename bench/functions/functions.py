#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Counts the instructions of each function of a microcontroller's product in a decoded token.

usage: functions.py FOLDER [--prefill N]

FOLDER is what edgelm-compile made for a Cortex-M target. edgelm-run, on the PATH, runs it under qemu with a second
plugin beside its own. Prints the functions of the last of four decoded tokens, most instructions first, and what the
linear layers take for each multiply-accumulate: their kernels with everything that is fused into them, and the loops
over weights.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
# Runs the emulator with one more plugin.
EMULATOR = """#!/bin/sh
folder=$(dirname "$0")
for word in "$@"; do
  [ "$last" = -kernel ] && llvm-nm-22 -n "$word" >"$folder/symbols"
  last=$word
done
exec EMULATOR "$@" -plugin "$folder/plugin.so,symbols=$folder/symbols,out=$folder/counts"
"""


def counts_of(folder, prefill):
    """(instructions, function) of one decoded token."""
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", HERE / "count_functions.c", "-o",
                        work / "plugin.so"], check=True)
        emulator = work / "qemu-system-arm"
        emulator.write_text(EMULATOR.replace("EMULATOR", shutil.which(emulator.name)))
        emulator.chmod(0o755)
        path = f"{work}:{os.environ['PATH']}"
        subprocess.run(["edgelm-run", folder, "--bench", "--count-instructions", "--prefill", str(prefill), "--decode",
                        "4", "--repeat", "1"], check=True, env={**os.environ, "PATH": path}, stdout=subprocess.DEVNULL)
        last = (work / "counts").read_text().split("region\n")[-1]
    lines = [line.split() for line in last.splitlines()]
    return sorted(((int(count), function) for count, function in lines), reverse=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--prefill", type=int, default=16)
    arguments = parser.parse_args()
    reports = list(arguments.folder.glob("*.json"))
    if len(reports) != 1:
        sys.exit(f"functions.py: '{arguments.folder}' has {len(reports)} reports; expected the folder of one product")
    entries = json.loads(reports[0].read_text())["entries"]
    products = next(entry["macs"] for entry in entries if entry["name"] == "decode")
    counts = counts_of(arguments.folder, arguments.prefill)
    for count, function in counts:
        print(f"{count:10} {function}")
    linear = sum(count for count, function in counts if "kernel_linear" in function or function.startswith("panel_"))
    print(f"{sum(count for count, _ in counts):10} in all; linear layers {linear}, {linear / products:.3f} for each of "
          f"{products} multiply-accumulates")


if __name__ == "__main__":
    main()
