# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a model as ONNX, as Optimum would export it with past_key_values: float or quantized for ONNX Runtime."""
import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, mapping, numpy_helper

import quantize
import shapes

# f16: matrices in half the bytes, which a Cast widens. int8: DynamicQuantizeLinear and MatMulInteger; int4: MatMulNBits, whose accuracy level says whether the activations
# are rounded to int8 (4) or stay float (0).
KINDS = ("f32", "f16", "int8", "int4", "int4_float")
ACCURACY = {"int4": 4, "int4_float": 0}
MICROSOFT = "com.microsoft"
OPSET = 17
SMALL = 1024  # bytes of an initializer that stays in model.onnx
ALIGNMENT = 64


class Graph:
    """Nodes and initializers in the order they are made."""

    def __init__(self, data):
        self.nodes, self.initializers, self.inputs, self.outputs = [], [], [], []
        self.constants, self.data = {}, data

    def node(self, kind, inputs, output=None, outputs=1, **attributes):
        name = f"/{kind}_{len(self.nodes)}"
        names = [output] if output else [f"{name}_output_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, name=name, **attributes))
        return names if outputs > 1 else names[0]

    def weight(self, name, array):
        """An initializer; what is not small goes to the data file at once."""
        if array.nbytes < SMALL:
            self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
            return name
        self.data.write(b"\0" * (-self.data.tell() % ALIGNMENT))
        entries = {"location": pathlib.Path(self.data.name).name, "offset": self.data.tell(), "length": array.nbytes}
        self.data.write(np.ascontiguousarray(array).data)
        tensor = TensorProto(name=name, dims=array.shape, data_location=TensorProto.EXTERNAL,
                             data_type=mapping.NP_TYPE_TO_TENSOR_TYPE[array.dtype])
        for key, value in entries.items():
            tensor.external_data.add(key=key, value=str(value))
        self.initializers.append(tensor)
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

    def __init__(self, shape, kind, data):
        self.graph, self.shape, self.kind = Graph(data), shape, kind
        self.size, self.layers, self.inner, self.vocab = shape.size, shape.layers, shape.inner, shape.vocab
        self.heads, self.kv_heads, self.head = shape.heads, shape.kv_heads, shape.head
        self.quantized = {}

    def linear(self, x, name, rows, columns):
        return self.multiply(x, name, shapes.random_matrix(name, rows, columns))

    def multiply(self, x, name, matrix, output=None):
        """x times the transposed matrix [rows][columns], in the model's format."""
        g = self.graph
        if self.kind == "f32":
            return g.node("MatMul", [x, g.weight(name, matrix.T)], output)
        if self.kind == "f16":
            return g.node("MatMul", [x, self.half(name, matrix.T)], output)
        if self.kind == "int8":
            # One quantization for all matrices that read x.
            if x not in self.quantized:
                self.quantized[x] = g.node("DynamicQuantizeLinear", [x], outputs=3)
            codes, scale, zero = self.quantized[x]
            weights, scales = quantize.int8_rows(matrix)
            inputs = [codes, g.weight(f"{name}_quantized", weights.T), zero, g.constant(0, np.int8)]
            product = g.node("Cast", [g.node("MatMulInteger", inputs)], to=TensorProto.FLOAT)
            return g.node("Mul", [product, g.node("Mul", [scale, g.weight(f"{name}_scale", scales)])], output)
        weights, scales = quantize.nbits4(matrix)
        inputs = [x, g.weight(f"{name}_Q4", weights), g.weight(f"{name}_scales", scales)]
        return g.node("MatMulNBits", inputs, output, domain=MICROSOFT, K=matrix.shape[1], N=matrix.shape[0], bits=4,
                      block_size=quantize.BLOCK, accuracy_level=ACCURACY[self.kind])

    def half(self, name, matrix):
        """A matrix that is stored in f16, widened."""
        return self.graph.node("Cast", [self.graph.weight(name, matrix.astype(np.float16))], to=TensorProto.FLOAT)

    def rms_norm(self, x, name):
        g = self.graph
        gain = g.weight(name, shapes.gain(name, self.size))
        mean = g.node("ReduceMean", [g.node("Pow", [x, g.scalar(2)])], axes=[-1])
        root = g.node("Sqrt", [g.node("Add", [mean, g.scalar(shapes.EPSILON)])])
        return g.node("Mul", [gain, g.node("Mul", [x, g.node("Div", [g.scalar(1), root])])])

    def rotary_tables(self):
        g = self.graph
        frequencies = shapes.ROPE_THETA ** -(np.arange(0, self.head, 2, dtype=np.float64) / self.head)
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
        key = self.split_heads(self.linear(x, f"{path}.k_proj.weight", self.shape.state, self.size), self.kv_heads)
        value = self.split_heads(self.linear(x, f"{path}.v_proj.weight", self.shape.state, self.size), self.kv_heads)
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
        embedding = shapes.embedding(self.shape)
        table = (self.half if self.kind == "f16" else g.weight)("model.embed_tokens.weight", embedding)
        x = g.node("Gather", [table, "input_ids"])
        tables, mask = self.rotary_tables(), self.mask()
        for layer in range(self.layers):
            path = f"model.layers.{layer}"
            normed = self.rms_norm(x, f"{path}.input_layernorm.weight")
            x = g.node("Add", [x, self.attention(normed, layer, tables, mask)])
            normed = self.rms_norm(x, f"{path}.post_attention_layernorm.weight")
            x = g.node("Add", [x, self.feed_forward(normed, layer)])
        # A head tied to the embedding: an exporter stores the transposed copy.
        self.multiply(self.rms_norm(x, "model.norm.weight"), "lm_head.weight_transposed", shapes.head(self.shape), "logits")
        return helper.make_graph(g.nodes, "main_graph", g.inputs, g.outputs, g.initializers)


def config(shape):
    return dict(architectures=["LlamaForCausalLM"], model_type="llama", hidden_act="silu", bos_token_id=1,
                eos_token_id=2, rms_norm_eps=shapes.EPSILON, rope_theta=shapes.ROPE_THETA,
                tie_word_embeddings=shape.tied, torch_dtype="float32", hidden_size=shape.size,
                num_hidden_layers=shape.layers, num_attention_heads=shape.heads,
                num_key_value_heads=shape.kv_heads, intermediate_size=shape.inner, vocab_size=shape.vocab,
                max_position_embeddings=shape.positions)


def write(folder, shape, kind):
    """Writes model.onnx, model.onnx_data and config.json; the last comes last, so that a folder with it is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "model.onnx_data", "wb") as data:
        graph = Llama(shape, kind, data).build()
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
    model = helper.make_model(graph, opset_imports=opsets[:1 if kind in ("f32", "int8") else 2])
    model.ir_version = 8
    onnx.save(model, str(folder / "model.onnx"))
    (folder / "config.json").write_text(json.dumps(config(shape), indent=2) + "\n", encoding="utf-8")
