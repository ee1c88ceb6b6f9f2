# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Damages templates: each gives turns or a refusal in a line, and nothing else is thrown.

usage: mutate.py <render.py> <how many> <template.jinja> ...
"""
import importlib.util
import pathlib
import random
import sys

PIECES = ["{%", "%}", "{{", "}}", "-", "|", "trim", "messages", "[0]", ".content", "'", "(", ")", "loop.last", "not ", "\n", "system",
          "|length", "| tojson", " ~ ", "+", "{% set x = messages[0].content %}", "{{ x }}", "message['content']", ".strip()", "[1:]", "is string"]


def damage(choose, source):
    for _ in range(choose.randrange(1, 4)):
        at, length = choose.randrange(len(source)), choose.choice([0, 1, 1, 3, 10, 60])
        source = source[:at] + choose.choice(PIECES + [""]) + source[at + length:]
    return source


def main(script, count, *paths):
    spec = importlib.util.spec_from_file_location("render", script)
    render = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(render)
    sources = [pathlib.Path(path).read_text(encoding="utf-8") for path in paths]
    choose, taken = random.Random(2), 0
    for trial in range(int(count)):
        source = damage(choose, choose.choice(sources))
        try:
            answer = render.turns_of(render.Chat(source, {"bos_token": "<s>", "eos_token": "</s>"}))
            taken += 1
        except Exception as refusal:  # as render.py's own main does
            answer = {"refused": " ".join(render.words(refusal).split())}
        if "refused" in answer and (not answer["refused"] or render.LEAK in answer["refused"]):
            sys.exit(f"{answer}\n{source}")
    print(f"{count} templates, some taken, some refused" if 0 < taken < int(count) else f"{taken} taken")


if __name__ == "__main__":
    main(*sys.argv[1:])
