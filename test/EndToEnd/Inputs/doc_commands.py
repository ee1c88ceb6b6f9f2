# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the commands of Markdown pages: every line in a ``` block that begins with build/bin/, in order. Where an error
follows in the block, the command must end with just that text.

usage: doc_commands.py SOURCE BUILD FOLDER PAGE...

SOURCE, BUILD  the source tree and the build folder
FOLDER         where the commands run; made anew
Where a page says path/to/model, the bundled model is meant.
"""
import pathlib
import re
import shutil
import subprocess
import sys

MODEL = "examples/models/shakespeare-opt"


def commands(page):
    for block in re.findall(r"^```\w*\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        for text in re.findall(r"^build/bin/[^\n]*(?:\n\S+: error: .*)?", block, re.MULTILINE | re.DOTALL):
            command, _, error = text.partition("\n")
            yield command.replace("path/to/model", MODEL), error


def main():
    source, build, folder = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "build").mkdir(parents=True)
    (folder / "build" / "bin").symlink_to(build / "bin")
    (folder / "examples").symlink_to(source / "examples")
    shutil.copytree(source / "test" / "Import" / "Backend", folder / "test" / "Import" / "Backend")
    for page in map(pathlib.Path, sys.argv[4:]):
        count = 0
        for command, error in commands(page):
            print("+", command, flush=True)
            if error:
                done = subprocess.run(["bash", "-c", command], cwd=folder, check=False, stderr=subprocess.PIPE, text=True)
                if not done.returncode or done.stderr != error:
                    sys.exit(f"doc_commands: {page}: status {done.returncode}, expected\n{error}found\n{done.stderr}")
                count += 1
                continue
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=folder, check=False,
                                  stdout=subprocess.PIPE)
            if done.returncode or ("-o " not in command and not done.stdout):
                sys.exit(f"doc_commands: {page}: status {done.returncode}, {len(done.stdout)} bytes printed by: {command}")
            count += 1
        if not count:
            sys.exit(f"doc_commands: {page} has no commands")


main()
