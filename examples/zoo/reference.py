# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reference vectors of every folder in models/, from PyTorch.

    python3 -m zoo.reference [folder ...]

Writes test_data_set_N/{input,output}_M.pb (the format of the ONNX backend tests) and
reference.json (prompt, greedy continuation, perplexity).
"""
import argparse
import shutil
import time

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from zoo import bpe, data, evaluate, export, train

PROMPT = "JULIET:\nO Romeo, Romeo! wherefore art thou Romeo"  # 16 tokens
GENERATE = 64
TEXTS = ("valid_small.txt", "valid.txt")


def ids_with_padding(tokenizer, count, padding):
    """Two rows of `count` tokens of valid.txt; the first row has `padding` ids on its left."""
    ids = tokenizer.encode_ordinary(data.read("valid_small.txt"))
    rows = torch.tensor([[0] * padding + ids[100:100 + count - padding], ids[300:300 + count]])
    mask = torch.ones(2, count, dtype=torch.int64)
    mask[0, :padding] = 0
    return rows, mask


def positions(mask, length):
    """As Hugging Face finds them: count of unmasked tokens before, 1 where masked."""
    p = mask.cumsum(-1) - 1
    return p.masked_fill(mask == 0, 1)[:, -length:]


def decoder_inputs(model, ids, mask, past):
    inputs = {"input_ids": ids, "attention_mask": mask}
    if model.use_cache:
        if model.takes_position_ids:
            inputs["position_ids"] = positions(mask, ids.shape[1])
        inputs["past_key_values"] = past
    return inputs


def flatten(model, inputs, outputs):
    named_inputs, named_outputs = {}, {}
    for name, value in inputs.items():
        if name == "past_key_values":
            for i, pair in enumerate(value):
                named_inputs[f"past_key_values.{i}.key"] = pair[0]
                named_inputs[f"past_key_values.{i}.value"] = pair[1]
        else:
            named_inputs[name] = value
    if isinstance(outputs, tuple):
        named_outputs["logits"] = outputs[0]
        for i, pair in enumerate(outputs[1]):
            named_outputs[f"present.{i}.key"], named_outputs[f"present.{i}.value"] = pair
    else:
        named_outputs["logits"] = outputs
    return named_inputs, named_outputs


def write_set(folder, number, inputs, outputs):
    graph = onnx.load(folder / "model.onnx", load_external_data=False).graph
    target = folder / f"test_data_set_{number}"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for kind, declared, values in (("input", graph.input, inputs),
                                   ("output", graph.output, outputs)):
        assert [v.name for v in declared] == list(values), (list(values))
        for i, (name, value) in enumerate(values.items()):
            array = np.ascontiguousarray(value.detach().numpy())
            (target / f"{kind}_{i}.pb").write_bytes(
                numpy_helper.from_array(array, name).SerializeToString())


@torch.no_grad()
def decoder_sets(folder, model, tokenizer):
    prompt = torch.tensor([tokenizer.encode(PROMPT)])
    dtype = next((p.dtype for p in model.parameters()), torch.float32)
    model.use_cache = True
    described = []

    def add(text, ids, mask, past):
        inputs = decoder_inputs(model, ids, mask, past)
        outputs = model(**inputs)
        write_set(folder, len(described), *flatten(model, inputs, outputs))
        described.append(text)
        return outputs

    def ones(length):
        return torch.ones(1, length, dtype=torch.int64)

    count = prompt.shape[1]
    rows, mask = ids_with_padding(tokenizer, 12, 5)
    empty = export.empty_past(model.config, 1, 0, dtype)
    logits, past = add(f"prefill: the prompt, {count} tokens, empty past",
                       prompt, ones(count), empty)
    following = logits[:, -1:].argmax(-1)
    add(f"decode: the token that follows, past {count}", following, ones(count + 1), past)
    add("batch of 2 x 12 tokens, empty past, the first row padded by 5 on the left",
        rows, mask, export.empty_past(model.config, 2, 0, dtype))
    return described


@torch.no_grad()
def greedy(model, tokenizer):
    """64 tokens, always the likeliest (the lowest id among equals), through the cache."""
    ids = tokenizer.encode(PROMPT)
    model.use_cache = True
    dtype = next((p.dtype for p in model.parameters()), torch.float32)
    past = export.empty_past(model.config, 1, 0, dtype)
    step, generated, margins = torch.tensor([ids]), [], []
    for _ in range(GENERATE):
        total = past[0][0].shape[2] + step.shape[1]
        mask = torch.ones(1, total, dtype=torch.int64)
        logits, past = model(**decoder_inputs(model, step, mask, past))
        top = logits[0, -1].float().topk(2)
        margins.append(round((top.values[0] - top.values[1]).item(), 5))
        generated.append(logits[0, -1].argmax().item())
        step = torch.tensor([[generated[-1]]])
    return {"prompt": PROMPT, "prompt_ids": ids, "generated_ids": generated,
            "generated_text": tokenizer.decode(generated), "margins": margins,
            "smallest_margin": min(margins)}


def decoder(folder):
    name, tokenizer = folder.name, bpe.load_default()
    model = train.load(name)
    record = {"model": name, "source": "PyTorch " + torch.__version__}
    sets = decoder_sets(folder, model, tokenizer)
    record["test_data_sets"] = {f"test_data_set_{i}": s for i, s in enumerate(sets)}
    record["greedy"] = greedy(model, tokenizer)
    record["perplexity"] = {"protocol": evaluate.PROTOCOL, "window": evaluate.WINDOW,
                            "stride": evaluate.WINDOW, "batch": 1}
    for text in TEXTS:
        record["perplexity"][text] = evaluate.score(model, tokenizer, data.read(text))
    export.write_json(folder / "reference.json", record)
    scores = record["perplexity"]
    print(f"{name}: perplexity {scores['valid.txt']['perplexity']:.5f}, small "
          f"{scores['valid_small.txt']['perplexity']:.5f}, bits per byte "
          f"{scores['valid.txt']['bits_per_byte']:.5f}, smallest margin "
          f"{record['greedy']['smallest_margin']}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    names = parser.parse_args().names
    torch.set_num_threads(1)
    for name in names or train.RECIPES:
        start = time.time()
        decoder(export.MODELS / name)
        print(f"   {time.time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
