# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Imports a model and says what that took; fails above 2 s + 1 s per GB, or 300 MB beyond the mapped files.

usage: import_cost.py EDGELM_OPT FOLDER [--slack=FACTOR]

Memory is limited rather than measured: mapped files count nowhere, all that the process allocates counts.
--slack multiplies the time that is allowed, for machines that do other things as well.
"""
import argparse
import os
import resource
import subprocess
import sys
import time

MEMORY = 300 << 20


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--slack", type=float, default=1)
    options = parser.parse_args()
    files = sum(os.path.getsize(os.path.join(options.folder, name)) for name in os.listdir(options.folder))
    allowed = options.slack * (2 + files / 1e9)

    start = time.monotonic()
    result = subprocess.run([options.program, f"--import-onnx={options.folder}", "-o", os.devnull],
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY)))
    seconds = time.monotonic() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{files / 1e9:.2f} GB: {seconds:.2f} s of {allowed:.2f} s, {used.ru_utime + used.ru_stime:.2f} s of processors, "
          f"within {MEMORY >> 20} MiB of memory: {'yes' if result.returncode == 0 else 'NO'}")
    sys.exit(0 if result.returncode == 0 and seconds <= allowed else 1)


if __name__ == "__main__":
    main()
