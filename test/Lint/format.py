# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks the format of every C and C++ file, or puts it right.

usage: format.py <clang-format-22> <repository root> [--fix]
"""
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lint

FORMATTED = {".c", ".h", ".cpp"}


def main(clang_format, root, fix):
    files = [str(path) for path in lint.visible_files(pathlib.Path(root)) if path.suffix in FORMATTED]
    if not files:
        return 0
    mode = ["-i"] if fix else ["--dry-run", "-Werror"]
    return subprocess.run([clang_format, *mode, *files]).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], "--fix" in sys.argv[3:]))
