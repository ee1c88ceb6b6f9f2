# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares what render.py finds with what Jinja renders, for random conversations.

usage: check_render.py <render.py> <template.jinja> ...
"""
import json
import pathlib
import random
import subprocess
import sys

from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}
ALPHABET = list(" \n\tab<>|&'\"\\{}%#._[]/\u00a0\u2028\u3000\u00e9\u4f60\U0001f600\x1c\x85") + ["<|im_end|>", "</s>", "[INST]"]


class Refusal(Exception):
    pass


def refuse(message):
    raise Refusal(message)


def environment():
    made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    made.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    made.globals["raise_exception"] = refuse
    return made


def random_text(choose):
    while True:
        text = "".join(choose.choices(ALPHABET, k=choose.randrange(1, 12)))
        if text.strip():
            return text


def turn_text(parts, texts):
    """One turn; `texts` by role."""
    result = ""
    for part in parts:
        if isinstance(part, dict):
            text = texts[part["role"]]
            text = text.lstrip() if part["start"] else text
            part = text.rstrip() if part["end"] else text
        result += part
    return result


def compare(template, turns, choose, with_system):
    """Every conversation starts like the one without its last turn, a reply being as the template has it."""
    system = random_text(choose) if with_system else None
    messages = [{"role": "system", "content": system}] if with_system else []
    written = ""
    for turn in range(choose.randrange(1, 5)):
        question, reply = random_text(choose), random_text(choose)
        kind = "next" if turn else "system" if with_system else "first"
        messages.append({"role": "user", "content": question})
        rendered = template.render(messages=messages, tools=None, documents=None, add_generation_prompt=True, **TOKENS)
        added = turn_text(turns[kind], {"user": question, "system": system})
        between = rendered[len(written):len(rendered) - len(added)]
        assert rendered.startswith(written) and rendered.endswith(added), (kind, rendered, written, added)
        assert between.strip() == (messages[-2]["content"].strip() if turn else ""), (kind, between)
        messages.append({"role": "assistant", "content": reply})
        written = rendered


def main(script, *paths):
    for path in paths:
        source = pathlib.Path(path).read_text(encoding="utf-8")
        request = json.dumps({"template": source, "tokens": TOKENS})
        ran = subprocess.run([sys.executable, "-I", script], input=request, capture_output=True, text=True, check=True)
        answer = json.loads(ran.stdout)
        assert "turns" in answer, (path, answer)
        turns, choose, template = answer["turns"], random.Random(pathlib.Path(path).name), environment().from_string(source)
        for trial in range(60):
            compare(template, turns, choose, with_system="system" in turns and trial % 2 == 0)
        print(f"{pathlib.Path(path).name}: 60 conversations{'' if 'system' in turns else ', no system text: ' + answer['no_system']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
