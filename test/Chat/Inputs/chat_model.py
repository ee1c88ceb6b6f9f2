# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes a model with a chat template of a model without one.

usage: chat_model.py <model folder> <template.jinja> <new folder> [token ...] [--rstrip]
The tokenizer's last pieces become the special tokens that are named, and the template that of tokenizer_config.json.
--rstrip: the tokens take the white space behind them.
"""
import json
import pathlib
import shutil
import sys

DEFAULT = ["<|im_start|>", "<|im_end|>"]


def add_tokens(tokenizer, tokens, rstrip):
    """Byte-pair encoding: the last merge makes the last piece."""
    vocab, merges = tokenizer["model"]["vocab"], tokenizer["model"]["merges"]
    for token in tokens:
        number, joined = len(vocab) - 1, merges.pop()
        assert vocab.pop("".join(joined) if isinstance(joined, list) else joined.replace(" ", "")) == number
        tokenizer["added_tokens"].append({"id": number, "content": token, "special": True, "normalized": False,
                                          "lstrip": False, "rstrip": rstrip, "single_word": False})


def main(source, template, target, *tokens):
    source, target = pathlib.Path(source), pathlib.Path(target)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("test_data_set_*"))
    path = target / "tokenizer.json"
    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    rstrip = "--rstrip" in tokens
    add_tokens(tokenizer, [token for token in tokens if token != "--rstrip"] or DEFAULT, rstrip)
    path.write_text(json.dumps(tokenizer), encoding="utf-8")
    path = target / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["chat_template"] = pathlib.Path(template).read_text(encoding="utf-8")
    path.write_text(json.dumps(config), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
