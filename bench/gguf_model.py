# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a model as GGUF, the format of llama.cpp, as its converter would: https://github.com/ggml-org/ggml."""
import struct

import numpy as np

import quantize
import shapes

ALIGNMENT = 32
UINT32, FLOAT32, STRING = 4, 6, 8

# name: type of a tensor, file type, bytes of a block, numbers of a block, encoder
FORMATS = {
    "f32": (0, 0, 4, 1, lambda matrix: matrix.astype("<f4")),
    "f16": (1, 1, 2, 1, lambda matrix: matrix.astype("<f2")),
    "q4_0": (2, 2, 18, quantize.BLOCK, quantize.q4_0),
    "q8_0": (8, 7, 34, quantize.BLOCK, quantize.q8_0),
}


def _string(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _pair(key, kind, value):
    data = _string(value) if kind == STRING else struct.pack("<I" if kind == UINT32 else "<f", value)
    return _string(key) + struct.pack("<I", kind) + data


def _metadata(shape, name, file_type):
    return [
        _pair("general.architecture", STRING, "llama"),
        _pair("general.name", STRING, name),
        _pair("general.alignment", UINT32, ALIGNMENT),
        _pair("general.file_type", UINT32, file_type),
        _pair("llama.vocab_size", UINT32, shape.vocab),
        _pair("llama.context_length", UINT32, shape.positions),
        _pair("llama.embedding_length", UINT32, shape.size),
        _pair("llama.block_count", UINT32, shape.layers),
        _pair("llama.feed_forward_length", UINT32, shape.inner),
        _pair("llama.attention.head_count", UINT32, shape.heads),
        _pair("llama.attention.head_count_kv", UINT32, shape.kv_heads),
        _pair("llama.attention.layer_norm_rms_epsilon", FLOAT32, shapes.EPSILON),
        _pair("llama.rope.dimension_count", UINT32, shape.head),
        _pair("llama.rope.freq_base", FLOAT32, shapes.ROPE_THETA),
        # The benchmark feeds ids; EdgeLM's product has no tokenizer here either.
        _pair("tokenizer.ggml.model", STRING, "no_vocab"),
    ]


def _interleave(matrix, heads):
    """llama.cpp turns neighbours (2 i, 2 i + 1) where the exports turn (i, i + half): the rows change places."""
    half = matrix.shape[0] // heads // 2
    return matrix.reshape(heads, 2, half, matrix.shape[1]).swapaxes(1, 2).reshape(matrix.shape)


def _tensors(shape):
    """(name, rows or None for a vector, columns, function that makes it) in the order of the file."""
    size, state, inner = shape.size, shape.state, shape.inner

    def matrix(name, path, rows, columns, heads=0):
        def make():
            made = shapes.random_matrix(path, rows, columns)
            return _interleave(made, heads) if heads else made
        return name, rows, columns, make

    def vector(name, path):
        return name, None, size, lambda: shapes.gain(path, size)

    yield "token_embd.weight", shape.vocab, size, lambda: shapes.embedding(shape)
    yield vector("output_norm.weight", "model.norm.weight")
    if not shape.tied:
        yield "output.weight", shape.vocab, size, lambda: shapes.head(shape)
    for layer in range(shape.layers):
        block, path = f"blk.{layer}", f"model.layers.{layer}"
        yield vector(f"{block}.attn_norm.weight", f"{path}.input_layernorm.weight")
        yield matrix(f"{block}.attn_q.weight", f"{path}.self_attn.q_proj.weight", size, size, shape.heads)
        yield matrix(f"{block}.attn_k.weight", f"{path}.self_attn.k_proj.weight", state, size, shape.kv_heads)
        yield matrix(f"{block}.attn_v.weight", f"{path}.self_attn.v_proj.weight", state, size)
        yield matrix(f"{block}.attn_output.weight", f"{path}.self_attn.o_proj.weight", size, size)
        yield vector(f"{block}.ffn_norm.weight", f"{path}.post_attention_layernorm.weight")
        yield matrix(f"{block}.ffn_gate.weight", f"{path}.mlp.gate_proj.weight", inner, size)
        yield matrix(f"{block}.ffn_up.weight", f"{path}.mlp.up_proj.weight", inner, size)
        yield matrix(f"{block}.ffn_down.weight", f"{path}.mlp.down_proj.weight", size, inner)


def write(path, shape, kind):
    """Writes `path`; a file that was begun and not finished never has its name."""
    matrix_type, file_type, block_bytes, block, encode = FORMATS[kind]
    tensors = list(_tensors(shape))
    metadata = _metadata(shape, path.stem, file_type)
    header = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(metadata)), *metadata]
    offset = 0
    for name, rows, columns, _ in tensors:
        dimensions = [columns] if rows is None else [columns, rows]
        number_type, size = (0, 4 * columns) if rows is None else (matrix_type, rows * columns // block * block_bytes)
        header += [_string(name), struct.pack(f"<I{len(dimensions)}QIQ", len(dimensions), *dimensions, number_type, offset)]
        offset += -(-size // ALIGNMENT) * ALIGNMENT
    unfinished = path.with_suffix(".part")
    with open(unfinished, "wb") as file:
        file.write(b"".join(header))
        for _, rows, _, make in tensors:
            file.write(b"\0" * (-file.tell() % ALIGNMENT))
            data = encode(make()) if rows is not None else make().astype("<f4")
            file.write(np.ascontiguousarray(data).data)
        file.write(b"\0" * (-file.tell() % ALIGNMENT))
    unfinished.rename(path)
