# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes LLaMA-shaped models with random weights, as Optimum would export them with past_key_values.

usage: make_models.py <output folder> [--models 15M,110M]

A model is a folder with model.onnx, model.onnx_data and config.json. The numbers depend on the tensor's name
alone, so that every run makes the same files. Needs Debian's python3-onnx and python3-numpy.
"""
import argparse
import json
import pathlib
import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SHAPES = {
    "15M": dict(hidden_size=288, num_hidden_layers=6, num_attention_heads=6, num_key_value_heads=6,
                intermediate_size=768, vocab_size=32000, max_position_embeddings=1024),
    "110M": dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, num_key_value_heads=12,
                 intermediate_size=2048, vocab_size=32000, max_position_embeddings=1024),
}
EPSILON = 1e-5
ROPE_THETA = 10000.0
OPSET = 17


def random_matrix(name, rows, columns, deviation):
    generator = np.random.Generator(np.random.SFC64([1234, zlib.crc32(name.encode())]))
    return generator.standard_normal((rows, columns), dtype=np.float32) * np.float32(deviation)


class Graph:
    """Nodes and initializers in the order they are made."""

    def __init__(self):
        self.nodes, self.initializers, self.inputs, self.outputs = [], [], [], []
        self.constants = {}

    def node(self, kind, inputs, output=None, **attributes):
        name = f"/{kind}_{len(self.nodes)}"
        output = output or f"{name}_output_0"
        self.nodes.append(helper.make_node(kind, inputs, [output], name=name, **attributes))
        return output

    def weight(self, name, array):
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def constant(self, value, kind=np.int64):
        """A small initializer, made once for each value."""
        array = np.array(value, dtype=kind)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self.constants:
            self.constants[key] = self.weight(f"constant_{len(self.constants)}", array)
        return self.constants[key]

    def scalar(self, value):
        return self.constant(value, np.float32)

    def add_input(self, name, kind, shape):
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))

    def add_output(self, name, shape):
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))


class Llama:
    """One decoder with grouped-query attention, rotary positions, RMS norms and a gated feed-forward."""

    def __init__(self, shape):
        self.graph = Graph()
        self.size, self.layers = shape["hidden_size"], shape["num_hidden_layers"]
        self.heads, self.kv_heads = shape["num_attention_heads"], shape["num_key_value_heads"]
        self.inner, self.vocab = shape["intermediate_size"], shape["vocab_size"]
        self.head = self.size // self.heads

    def linear(self, x, name, rows, columns):
        matrix = random_matrix(name, rows, columns, columns ** -0.5)
        return self.graph.node("MatMul", [x, self.graph.weight(name, matrix.T)])

    def rms_norm(self, x, name):
        g = self.graph
        gain = g.weight(name, 1 + 0.1 * random_matrix(name, 1, self.size, 1)[0])
        mean = g.node("ReduceMean", [g.node("Pow", [x, g.scalar(2)])], axes=[-1])
        root = g.node("Sqrt", [g.node("Add", [mean, g.scalar(EPSILON)])])
        return g.node("Mul", [gain, g.node("Mul", [x, g.node("Div", [g.scalar(1), root])])])

    def rotary_tables(self):
        g = self.graph
        frequencies = ROPE_THETA ** -(np.arange(0, self.head, 2, dtype=np.float64) / self.head)
        column = g.weight("model.rotary_emb.inv_freq", frequencies.astype(np.float32).reshape(1, -1, 1))
        positions = g.node("Cast", [g.node("Unsqueeze", ["position_ids", g.constant([1])])], to=TensorProto.FLOAT)
        angles = g.node("Transpose", [g.node("MatMul", [column, positions])], perm=[0, 2, 1])
        both = g.node("Concat", [angles, angles], axis=-1)
        return [g.node("Unsqueeze", [g.node(kind, [both]), g.constant([1])]) for kind in ("Cos", "Sin")]

    def mask(self):
        """[batch, 1, sequence, total]: 0 where a key may be seen, very negative elsewhere."""
        g = self.graph
        total = g.node("Gather", [g.node("Shape", ["attention_mask"]), g.constant(1)], axis=0)
        keys = g.node("Range", [g.constant(0), total, g.constant(1)])
        seen = g.node("LessOrEqual", [keys, g.node("Unsqueeze", ["position_ids", g.constant([-1])])])
        kept = g.node("Cast", [g.node("Unsqueeze", ["attention_mask", g.constant([1])])], to=TensorProto.BOOL)
        lowest = float(np.finfo(np.float32).min)
        mask = g.node("Where", [g.node("And", [seen, kept]), g.scalar(0), g.scalar(lowest)])
        return g.node("Unsqueeze", [mask, g.constant([1])])

    def split_heads(self, x, heads):
        x = self.graph.node("Reshape", [x, self.graph.constant([0, 0, heads, self.head])])
        return self.graph.node("Transpose", [x], perm=[0, 2, 1, 3])

    def rotate(self, x, cos, sin):
        g = self.graph
        half, axis = g.constant([self.head // 2]), g.constant([3])
        low = g.node("Slice", [x, g.constant([0]), half, axis])
        high = g.node("Slice", [x, half, g.constant([2 ** 62]), axis])
        turned = g.node("Concat", [g.node("Neg", [high]), low], axis=-1)
        return g.node("Add", [g.node("Mul", [x, cos]), g.node("Mul", [turned, sin])])

    def repeat_heads(self, x):
        """Each key/value head for every query head of its group."""
        groups = self.heads // self.kv_heads
        if groups == 1:
            return x
        g = self.graph
        rest = g.node("Slice", [g.node("Shape", [x]), g.constant([2]), g.constant([4]), g.constant([0])])
        wide = g.node("Concat", [g.constant([1, self.kv_heads, groups]), rest], axis=0)
        x = g.node("Expand", [g.node("Unsqueeze", [x, g.constant([2])]), wide])
        return g.node("Reshape", [x, g.node("Concat", [g.constant([1, self.heads]), rest], axis=0)])

    def attention(self, x, layer, tables, mask):
        g, path = self.graph, f"model.layers.{layer}.self_attn"
        query = self.split_heads(self.linear(x, f"{path}.q_proj.weight", self.size, self.size), self.heads)
        state_size = self.kv_heads * self.head
        key = self.split_heads(self.linear(x, f"{path}.k_proj.weight", state_size, self.size), self.kv_heads)
        value = self.split_heads(self.linear(x, f"{path}.v_proj.weight", state_size, self.size), self.kv_heads)
        states = []
        for kind, new in (("key", self.rotate(key, *tables)), ("value", value)):
            past, present = f"past_key_values.{layer}.{kind}", f"present.{layer}.{kind}"
            g.add_input(past, TensorProto.FLOAT, ["batch_size", self.kv_heads, "past_sequence_length", self.head])
            g.add_output(present, ["batch_size", self.kv_heads, "total_sequence_length", self.head])
            states.append(self.repeat_heads(g.node("Concat", [past, new], output=present, axis=2)))
        turned = g.node("Transpose", [states[0]], perm=[0, 1, 3, 2])
        scores = g.node("MatMul", [self.rotate(query, *tables), turned])
        scores = g.node("Add", [g.node("Mul", [scores, g.scalar(self.head ** -0.5)]), mask])
        mixed = g.node("MatMul", [g.node("Softmax", [scores], axis=-1), states[1]])
        mixed = g.node("Reshape", [g.node("Transpose", [mixed], perm=[0, 2, 1, 3]), g.constant([0, 0, self.size])])
        return self.linear(mixed, f"{path}.o_proj.weight", self.size, self.size)

    def feed_forward(self, x, layer):
        g, path = self.graph, f"model.layers.{layer}.mlp"
        gate = self.linear(x, f"{path}.gate_proj.weight", self.inner, self.size)
        up = self.linear(x, f"{path}.up_proj.weight", self.inner, self.size)
        gated = g.node("Mul", [g.node("Mul", [gate, g.node("Sigmoid", [gate])]), up])
        return self.linear(gated, f"{path}.down_proj.weight", self.size, self.inner)

    def build(self):
        g = self.graph
        g.add_input("input_ids", TensorProto.INT64, ["batch_size", "sequence_length"])
        g.add_input("attention_mask", TensorProto.INT64, ["batch_size", "total_sequence_length"])
        g.add_input("position_ids", TensorProto.INT64, ["batch_size", "sequence_length"])
        g.add_output("logits", ["batch_size", "sequence_length", self.vocab])
        embedding = random_matrix("model.embed_tokens.weight", self.vocab, self.size, self.size ** -0.5)
        x = g.node("Gather", [g.weight("model.embed_tokens.weight", embedding), "input_ids"])
        tables, mask = self.rotary_tables(), self.mask()
        for layer in range(self.layers):
            path = f"model.layers.{layer}"
            normed = self.rms_norm(x, f"{path}.input_layernorm.weight")
            x = g.node("Add", [x, self.attention(normed, layer, tables, mask)])
            normed = self.rms_norm(x, f"{path}.post_attention_layernorm.weight")
            x = g.node("Add", [x, self.feed_forward(normed, layer)])
        # Tied to the embedding: an exporter stores the transposed copy.
        head = g.weight("lm_head.weight_transposed", embedding.T)
        g.node("MatMul", [self.rms_norm(x, "model.norm.weight"), head], output="logits")
        return helper.make_graph(g.nodes, "main_graph", g.inputs, g.outputs, g.initializers)


def write_model(folder, shape):
    folder.mkdir(parents=True, exist_ok=True)
    model = helper.make_model(Llama(shape).build(), opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 8
    # A half-written model of a run that was stopped must not be taken for a whole one: config.json comes last.
    data = folder / "model.onnx_data"
    data.unlink(missing_ok=True)
    onnx.save(model, str(folder / "model.onnx"), save_as_external_data=True, all_tensors_to_one_file=True,
              location=data.name, size_threshold=1024)
    config = dict(architectures=["LlamaForCausalLM"], model_type="llama", hidden_act="silu", bos_token_id=1,
                  eos_token_id=2, rms_norm_eps=EPSILON, rope_theta=ROPE_THETA, tie_word_embeddings=True,
                  torch_dtype="float32", **shape)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--models", default=",".join(SHAPES), help="comma-separated, of: " + ", ".join(SHAPES))
    arguments = parser.parse_args()
    for name in arguments.models.split(","):
        if name not in SHAPES:
            parser.error(f"unknown model {name}; known models: {', '.join(SHAPES)}")
        folder = arguments.output / f"llama_{name.lower()}"
        if not (folder / "config.json").exists():
            write_model(folder, SHAPES[name])


if __name__ == "__main__":
    main()
