# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares a compiled model with everything that the reference.json and the data sets of its folder state.

usage: check_model.py MODEL PRODUCT TOLERANCE [TEXT]

MODEL      folder of the exported model
PRODUCT    folder of the compiled one, such as out/host
TOLERANCE  largest difference of an output to its data set
TEXT       for a decoder: the text, named in reference.json, whose perplexity is compared
"""
import json
import pathlib
import subprocess
import sys

# A perplexity may differ by this part from the reference.
PERPLEXITY_TOLERANCE = 1e-3


def fail(message):
    sys.exit("check_model: " + message)


def run(tool, *arguments):
    """The JSON object that a tool prints."""
    return json.loads(subprocess.run([tool, *map(str, arguments), "--json"], check=True, stdout=subprocess.PIPE).stdout)


def check_data_sets(model, product, tolerance):
    found = run("edgelm-run", product, "--verify-data", model)
    names = {folder.name for folder in model.glob("test_data_set_*")}
    if not names or set(found) != names:
        fail(f"expected differences of {sorted(names)}, found {sorted(found)}")
    for name, differences in sorted(found.items()):
        for key in ("max_abs_diff", "presents_max_abs_diff"):
            # NaN is above every tolerance. An encoder has no presents, a decoder without past has none either.
            if key in differences and not differences[key] < tolerance:
                fail(f"{name}: {key} is {differences[key]}, expected less than {tolerance}")
        if "max_abs_diff" not in differences:
            fail(f"{name} was not compared: {differences}")


def check_greedy(product, expected, tolerance):
    """The tokens must be the same up to the first step whose two best logits are nearer than two errors."""
    found = run("edgelm-run", product, "-p", expected["prompt"], "-n", len(expected["generated_ids"]), "--temp", 0,
                "--ignore-eos")
    if found["prompt_ids"] != expected["prompt_ids"]:
        fail(f"the prompt's ids are {found['prompt_ids']}, expected {expected['prompt_ids']}")
    if len(found["ids"]) != len(expected["generated_ids"]):
        fail(f"{len(found['ids'])} ids were generated, expected {len(expected['generated_ids'])}")
    if found["ids"] == expected["generated_ids"]:
        if found["text"] != expected["generated_text"]:
            fail(f"the text is {found['text']!r}, expected {expected['generated_text']!r}")
        return
    steps = zip(found["ids"], expected["generated_ids"], expected["margins"])
    step, margin = next((step, row[2]) for step, row in enumerate(steps) if row[0] != row[1])
    if margin > 2 * tolerance:
        fail(f"greedy step {step} chose {found['ids'][step]}, expected {expected['generated_ids'][step]}; the reference "
             f"decides it by {margin}, the outputs may differ by {tolerance}")


def check_perplexity(product, text, expected):
    window, reference = expected["window"], expected[text.name]
    found = run("edgelm-eval", product, "--text", text, "--window", window)
    for key in ("tokens", "scored_tokens", "scored_bytes"):
        if found[key] != reference[key]:
            fail(f"{key} is {found[key]}, expected {reference[key]}")
    for key in ("perplexity", "bits_per_byte", "negative_log_likelihood"):
        if not abs(found[key] / reference[key] - 1) < PERPLEXITY_TOLERANCE:
            fail(f"{key} is {found[key]}, expected {reference[key]}")


def check_predictions(product, labels, examples):
    for example in examples:
        ids = example["input_ids"]
        found = run("edgelm-run", product, "--ids", ",".join(map(str, ids)))
        (logits,) = (output["values"] for output in found["outputs"].values())
        if found["prompt_ids"] != ids or len(logits) != len(labels):
            fail(f"{len(logits)} logits for {found['prompt_ids']}, expected {len(labels)} for {ids}")
        if logits.index(max(logits)) != example["predicted"]:
            fail(f"{example['text']!r} is taken for label {logits.index(max(logits))}, expected {example['predicted']}")


def check_encoded_text(product, example):
    """The tokenizer is inside of the product: the text gives the outputs of its ids."""
    by_text = run("edgelm-run", product, "-p", "<|endoftext|>" + example["text"])
    by_ids = run("edgelm-run", product, "--ids", ",".join(map(str, example["input_ids"])))
    if by_text != by_ids:
        fail(f"{example['text']!r} gives {by_text}, its ids give {by_ids}")


def main():
    model, product, tolerance = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), float(sys.argv[3])
    reference = json.loads((model / "reference.json").read_text(encoding="utf-8"))
    check_data_sets(model, product, tolerance)
    if "examples" in reference:
        check_predictions(product, reference["labels"], reference["examples"])
        check_encoded_text(product, reference["examples"][0])
    else:
        check_greedy(product, reference["greedy"], tolerance)
        check_perplexity(product, pathlib.Path(sys.argv[4]), reference["perplexity"])
    print(f"{model.name}: as its reference")


main()
