# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a command that must fail as every tool does: one error, its exit status, nothing written.

usage: one_error.py STATUS FOLDER COMMAND...

STATUS  the exit status that is expected
FOLDER  where the command would write; it must not exist afterwards
The error is printed, for FileCheck: a line, and indented ones where there is more to say.
"""
import pathlib
import subprocess
import sys


def fail(message):
    sys.exit("one_error: " + message)


def main():
    status, folder, command = int(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    text = done.stderr.decode("utf-8")
    if done.returncode != status:
        fail(f"the exit status is {done.returncode}, expected {status}; the command said: {text}")
    if done.stdout:
        fail(f"standard output is not empty: {done.stdout[:200]!r}")
    lines = text.split("\n")
    is_one = all(line.startswith("  ") for line in lines[1:-1]) and not lines[-1]
    if not text.startswith(pathlib.Path(command[0]).name + ": error: ") or not is_one:
        fail(f"expected one line that begins with the tool's name and 'error:', found {text!r}")
    if not all(line.isprintable() and not line.endswith(".") for line in lines):
        fail(f"expected printable characters without a final period, found {text!r}")
    if folder.exists():
        fail(f"{folder} was left behind: {sorted(map(str, folder.rglob('*')))}")
    print(text, end="")


main()
