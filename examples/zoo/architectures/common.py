# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the architectures share: causal masks in the two ways Hugging Face has built them."""
import torch
from torch import nn


def past_length(past_key_values):
    return past_key_values[0][0].shape[2] if past_key_values is not None else 0


def expanded_mask(attention_mask, batch, length, past, dtype, device):
    """The mask of transformers 4.35 to 4.37: causal part, inverted padding part, merged."""
    lowest = torch.finfo(dtype).min
    causal = torch.full((length, length), lowest, device=device)
    position = torch.arange(causal.size(-1), device=device)
    causal.masked_fill_(position < (position + 1).view(causal.size(-1), 1), 0)
    causal = causal.to(dtype)
    causal = torch.cat([torch.zeros(length, past, dtype=dtype, device=device), causal], dim=-1)
    causal = causal[None, None, :, :].expand(batch, 1, length, length + past)
    if attention_mask is None:
        return causal
    padding = attention_mask[:, None, None, :].expand(batch, 1, length, attention_mask.shape[1])
    inverted = 1.0 - padding.to(dtype)
    inverted = inverted.masked_fill(inverted.to(torch.bool), lowest)
    return causal.masked_fill(inverted.to(torch.bool), lowest)


def cache_position_mask(attention_mask, batch, length, past, cache_position, dtype, device):
    """The mask of transformers 4.38 and later: from cache_position, padding written in place."""
    lowest = torch.finfo(dtype).min
    total = attention_mask.shape[-1] if attention_mask is not None else past + length
    causal = torch.full((length, total), fill_value=lowest, dtype=dtype, device=device)
    if length != 1:
        causal = torch.triu(causal, diagonal=1)
    causal *= torch.arange(total, device=device) > cache_position.reshape(-1, 1)
    causal = causal[None, None, :, :].expand(batch, 1, -1, -1)
    if attention_mask is None:
        return causal
    causal = causal.clone()
    width = attention_mask.shape[-1]
    padding = causal[:, :, :, :width] + attention_mask[:, None, None, :]
    padding = padding == 0
    causal[:, :, :, :width] = causal[:, :, :, :width].masked_fill(padding, lowest)
    return causal


def rotate_half(x):
    half = x.shape[-1] // 2
    return torch.cat((-x[..., half:], x[..., :half]), dim=-1)


def initialize(model, residual_projections, layers, std=0.02):
    """Normal(0, 0.02); the projections that write to the residual stream are scaled down."""
    for name, parameter in model.named_parameters():
        if parameter.dim() < 2:
            nn.init.zeros_(parameter) if name.endswith("bias") else nn.init.ones_(parameter)
        elif any(name.endswith(p + ".weight") for p in residual_projections):
            nn.init.normal_(parameter, std=std / (2 * layers) ** 0.5)
        else:
            nn.init.normal_(parameter, std=std)
