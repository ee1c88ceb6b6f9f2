# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints the refusal of each template of refused.txt, which are separated by lines "==== name".

usage: refusals.py <render.py> <refused.txt>
"""
import json
import pathlib
import subprocess
import sys


def main(script, path):
    for block in pathlib.Path(path).read_text(encoding="utf-8").split("==== ")[1:]:
        name, source = block.split("\n", 1)
        request = json.dumps({"template": source, "tokens": {"bos_token": "<s>", "eos_token": "</s>"}})
        ran = subprocess.run([sys.executable, "-I", script], input=request, capture_output=True, text=True, check=True)
        answer = json.loads(ran.stdout)
        print(f"{name}: {answer.get('refused') or 'taken, no system text: ' + str(answer['no_system'])}")


if __name__ == "__main__":
    main(*sys.argv[1:])
