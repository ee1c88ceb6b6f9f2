# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the tokens of a conversation with those of the text that Jinja renders of it.

usage: check_chat.py <model folder> <product> <output of edgelm-run --chat --json> [--system TEXT] <question> ...
"""
import json
import pathlib
import subprocess
import sys

from jinja2.sandbox import ImmutableSandboxedEnvironment


def run(*words, text=""):
    return json.loads(subprocess.run(["edgelm-run", *words, "--json"], input=text, capture_output=True, text=True, check=True).stdout)


def main(folder, product, output, *questions):
    config = json.loads((pathlib.Path(folder) / "tokenizer_config.json").read_text(encoding="utf-8"))
    template = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(config["chat_template"])
    messages, context, written = [], [], ""
    if questions[0] == "--system":
        messages, questions = [{"role": "system", "content": questions[1]}], questions[2:]
    turns = json.loads(pathlib.Path(output).read_text(encoding="utf-8"))["turns"]
    assert len(turns) == len(questions), turns
    for turn, question in zip(turns, questions):
        messages.append({"role": "user", "content": question})
        text = template.render(messages=messages, tools=None, add_generation_prompt=True, bos_token=config["bos_token"], eos_token=config["eos_token"])
        assert text.startswith(written), (text, written)
        expected = run("--tokenize", folder, text=text[len(written):])["ids"]
        assert turn["prompt_ids"] == expected, (turn["prompt_ids"], expected)
        context += expected
        reply = run(product, "--ids", ",".join(map(str, context)), "-n", str(len(turn["ids"])))
        assert (reply["ids"], reply["text"]) == (turn["ids"], turn["text"]), (reply, turn)
        context += turn["ids"]
        messages.append({"role": "assistant", "content": turn["text"]})
        written = text + turn["text"]
    print(f"{len(turns)} turns, {len(context)} tokens")


if __name__ == "__main__":
    main(*sys.argv[1:])
