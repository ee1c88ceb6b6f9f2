# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How the peers' own tools round weights: ggml's reference quantizers, ONNX Runtime's blocks, and rows of int8."""
import numpy as np

BLOCK = 32


def _blocks(matrix):
    return matrix.reshape(matrix.shape[0], matrix.shape[1] // BLOCK, BLOCK)


def _signed_scale(blocks):
    """The largest number of a block, which becomes code -8."""
    largest = np.maximum(blocks.max(2), -blocks.min(2))
    negative = -blocks.min(2) >= blocks.max(2)
    return np.where(negative, largest, -largest) / np.float32(8)


def _inverse(scale):
    with np.errstate(divide="ignore"):
        return np.where(scale == 0, np.float32(0), np.float32(1) / scale)[:, :, None]


def _codes4(blocks, scale):
    """0 .. 15, of which 8 is zero."""
    codes = blocks * _inverse(scale)
    codes += np.float32(8.5)
    return np.clip(codes, 0, 15, out=codes).astype(np.uint8)


def q4_0(matrix):
    """ggml's Q4_0: f16 scale, then 16 bytes: code i in the low and code i + 16 in the high half."""
    blocks = _blocks(matrix)
    scale = _signed_scale(blocks)
    codes = _codes4(blocks, scale)
    packed = codes[:, :, :16] | codes[:, :, 16:] << 4
    return np.concatenate([scale.astype("<f2")[:, :, None].view(np.uint8), packed], axis=2)


def q8_0(matrix):
    """ggml's Q8_0: f16 scale, then 32 codes."""
    blocks = _blocks(matrix)
    scale = np.maximum(blocks.max(2), -blocks.min(2)) / np.float32(127)
    codes = np.rint(blocks * _inverse(scale)).astype(np.int8)
    return np.concatenate([scale.astype("<f2")[:, :, None].view(np.uint8), codes.view(np.uint8)], axis=2)


def nbits4(matrix):
    """MatMulNBits: packed codes [N][blocks][16], two neighbours a byte, and f32 scales [N * blocks]."""
    blocks = _blocks(matrix)
    scale = _signed_scale(blocks)
    codes = _codes4(blocks, scale)
    return codes[:, :, 0::2] | codes[:, :, 1::2] << 4, scale.reshape(-1)


def int8_rows(matrix):
    """Codes [N][K] with one scale a row."""
    scale = np.maximum(np.abs(matrix).max(1), np.float32(1e-8)) / np.float32(127)
    return np.rint(matrix / scale[:, None]).astype(np.int8), scale
