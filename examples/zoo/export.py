# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX exports of the trained models, laid out as Hugging Face Optimum lays them out.

    python3 -m zoo.export            every trained model
"""
import argparse
import json
import re
import warnings
from pathlib import Path

import onnx
import torch

from zoo import bpe, train

MODELS = Path(__file__).resolve().parent.parent / "models"
GENERATION_CONFIG = {"_from_model_config": True, "bos_token_id": 0, "eos_token_id": 0,
                     "pad_token_id": 0, "do_sample": False, "max_length": 256}


def geometry(config):
    """layers, key/value heads, head size"""
    heads = config.get("num_attention_heads", config.get("n_head"))
    size = config.get("hidden_size", config.get("n_embd"))
    return (config.get("num_hidden_layers", config.get("n_layer")),
            config.get("num_key_value_heads", heads), config.get("head_dim", size // heads))


def empty_past(config, batch, length=0, dtype=torch.float32):
    layers, heads, dim = geometry(config)
    return tuple((torch.zeros(batch, heads, length, dim, dtype=dtype),
                  torch.zeros(batch, heads, length, dim, dtype=dtype)) for _ in range(layers))


def export_decoder(model, path, with_past=True, opset=17):
    model.eval()
    model.use_cache = with_past
    dtype = next(model.parameters()).dtype
    batch, length, past = 2, 6, 5 if with_past else 0
    arguments = {"input_ids": torch.ones(batch, length, dtype=torch.int64),
                 "attention_mask": torch.ones(batch, past + length, dtype=torch.int64)}
    total = "past_sequence_length + sequence_length" if with_past else "sequence_length"
    axes = {"input_ids": {0: "batch_size", 1: "sequence_length"},
            "attention_mask": {0: "batch_size", 1: total},
            "logits": {0: "batch_size", 1: "sequence_length"}}
    inputs, outputs = ["input_ids", "attention_mask"], ["logits"]
    if with_past:
        if model.takes_position_ids:
            arguments["position_ids"] = torch.arange(past, past + length).expand(batch, -1)
            axes["position_ids"] = {0: "batch_size", 1: "sequence_length"}
            inputs.append("position_ids")
        arguments["past_key_values"] = empty_past(model.config, batch, past, dtype)
        for i in range(len(arguments["past_key_values"])):
            for kind in ("key", "value"):
                inputs.append(f"past_key_values.{i}.{kind}")
                outputs.append(f"present.{i}.{kind}")
                axes[inputs[-1]] = {0: "batch_size", 2: "past_sequence_length"}
                axes[outputs[-1]] = {0: "batch_size", 2: total}
    with torch.no_grad():
        torch.onnx.export(model, ({**arguments},), str(path), opset_version=opset,
                          do_constant_folding=True, input_names=inputs, output_names=outputs,
                          dynamic_axes=axes)
    model.use_cache = True
    onnx.checker.check_model(onnx.load(path))


def write_json(path, value):
    text = json.dumps(value, indent=2, ensure_ascii=False)
    # lists of numbers on one line
    text = re.sub(r"\[[-\d.e,\s]+\]", lambda m: " ".join(m[0].split()), text)
    path.write_text(text + "\n", encoding="utf-8")


def write_side_files(folder, config, merges_as="string"):
    tokenizer = bpe.load_default()
    length = config.get("max_position_embeddings", config.get("n_positions"))
    write_json(folder / "config.json", config)
    write_json(folder / "tokenizer.json", tokenizer.tokenizer_json(merges_as))
    write_json(folder / "tokenizer_config.json", tokenizer.tokenizer_config(length))
    write_json(folder / "generation_config.json", GENERATION_CONFIG)


def share_tied_head(path, embedding):
    """The head's transposed copy of the embedding becomes a Transpose of it, as Optimum's
    clean-up of tied weights leaves it."""
    model = onnx.load(path)
    graph = model.graph
    head = next(n for n in graph.node if n.name == "/lm_head/MatMul")
    copy = next(i for i in graph.initializer if i.name == head.input[1])
    graph.initializer.remove(copy)
    graph.node.insert(list(graph.node).index(head), onnx.helper.make_node(
        "Transpose", [embedding], [copy.name], "/lm_head/Transpose", perm=[1, 0]))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def export(name):
    model = train.load(name)
    folder = MODELS / name
    folder.mkdir(parents=True, exist_ok=True)
    export_decoder(model, folder / "model.onnx")
    share_tied_head(folder / "model.onnx", "model.decoder.embed_tokens.weight")
    write_side_files(folder, model.config)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[*train.RECIPES])
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    for name in parser.parse_args().names:
        export(name)
        print("exported", name)


if __name__ == "__main__":
    main()
