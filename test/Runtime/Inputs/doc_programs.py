# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes each ```c block of a Markdown page to a file: 1.c, 2.c, ...

usage: doc_programs.py <page> <folder>
"""
import pathlib
import re
import sys

page = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
for number, block in enumerate(re.findall(r"^```c\n(.*?)^```$", page, re.MULTILINE | re.DOTALL), 1):
    pathlib.Path(sys.argv[2], f"{number}.c").write_text(block, encoding="utf-8")
