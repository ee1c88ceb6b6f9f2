# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The shapes of the benchmark's models, and their numbers: those depend on the tensor's name alone."""
import dataclasses
import zlib

import numpy as np

EPSILON = 1e-5
ROPE_THETA = 10000.0
# A matrix repeats its numbers after so many, a prime: drawing all of 7B would take longer than anything that is measured.
PERIOD = 4194301


@dataclasses.dataclass(frozen=True)
class Shape:
    """A decoder of the LLaMA family."""
    size: int
    layers: int
    heads: int
    kv_heads: int
    inner: int
    vocab: int = 32000
    tied: bool = True
    positions: int = 2048

    @property
    def head(self):
        return self.size // self.heads

    @property
    def state(self):
        return self.kv_heads * self.head

    @property
    def body_macs(self):
        """Multiply-accumulates of a token in the layers' matrices."""
        return self.layers * (2 * self.size * self.size + 2 * self.size * self.state + 3 * self.size * self.inner)

    @property
    def head_macs(self):
        return self.size * self.vocab


SHAPES = {
    "15M": Shape(size=288, layers=6, heads=6, kv_heads=6, inner=768),
    "110M": Shape(size=768, layers=12, heads=12, kv_heads=12, inner=2048),
    "135M": Shape(size=576, layers=30, heads=9, kv_heads=3, inner=1536, vocab=49152),
    "1.1B": Shape(size=2048, layers=22, heads=32, kv_heads=4, inner=5632, tied=False),
    "7B": Shape(size=4096, layers=32, heads=32, kv_heads=32, inner=11008, tied=False),
}


def random_matrix(name, rows, columns, deviation=None):
    """Normal numbers [rows][columns]; the deviation keeps the size of a row's product with a vector."""
    generator = np.random.Generator(np.random.SFC64([1234, zlib.crc32(name.encode())]))
    numbers = generator.standard_normal(min(rows * columns, PERIOD), dtype=np.float32)
    matrix = np.resize(numbers, (rows, columns))
    matrix *= np.float32(columns ** -0.5 if deviation is None else deviation)
    return matrix


def gain(name, size):
    """The weights of a norm."""
    return 1 + 0.1 * random_matrix(name, 1, size, 1)[0]


def embedding(shape):
    return random_matrix("model.embed_tokens.weight", shape.vocab, shape.size)


def head(shape):
    return embedding(shape) if shape.tied else random_matrix("lm_head.weight", shape.vocab, shape.size)
