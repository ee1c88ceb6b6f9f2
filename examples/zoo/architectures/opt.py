# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""OPT: learned positions with an offset of 2, found from the mask; ReLU, pre-LN, biases."""
import torch
import torch.nn.functional as F
from torch import nn

from zoo.architectures import common

CONFIG = {
    "architectures": ["OPTForCausalLM"], "model_type": "opt",
    "vocab_size": 1024, "hidden_size": 128, "word_embed_proj_dim": 128, "ffn_dim": 512,
    "num_hidden_layers": 2, "num_attention_heads": 4, "activation_function": "relu",
    "do_layer_norm_before": True, "enable_bias": True, "layer_norm_elementwise_affine": True,
    "max_position_embeddings": 256, "dropout": 0.1, "attention_dropout": 0.0,
    "tie_word_embeddings": True, "init_std": 0.02,
    "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0, "use_cache": True,
    "torch_dtype": "float32",
}


class LearnedPositions(nn.Embedding):
    offset = 2

    def __init__(self, positions, size):
        super().__init__(positions + self.offset, size)

    def forward(self, attention_mask, past=0):
        attention_mask = attention_mask.long()
        positions = torch.cumsum(attention_mask, dim=1)
        positions = (positions.type_as(attention_mask) * attention_mask).long() - 1
        return super().forward(positions[:, past:] + self.offset)


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.size, self.heads = c["hidden_size"], c["num_attention_heads"]
        self.head_dim = self.size // self.heads
        self.scaling = self.head_dim ** -0.5
        self.k_proj = nn.Linear(self.size, self.size)
        self.v_proj = nn.Linear(self.size, self.size)
        self.q_proj = nn.Linear(self.size, self.size)
        self.out_proj = nn.Linear(self.size, self.size)

    def shape(self, x, length, batch):
        return x.view(batch, length, self.heads, self.head_dim).transpose(1, 2).contiguous()

    def forward(self, x, mask, past):
        batch, length, _ = x.size()
        q = self.q_proj(x) * self.scaling
        k = self.shape(self.k_proj(x), -1, batch)
        v = self.shape(self.v_proj(x), -1, batch)
        if past is not None:
            k = torch.cat([past[0], k], dim=2)
            v = torch.cat([past[1], v], dim=2)
        present = (k, v)
        flat = (batch * self.heads, -1, self.head_dim)
        q = self.shape(q, length, batch).view(*flat)
        k, v = k.view(*flat), v.view(*flat)
        total = k.size(1)
        weights = torch.bmm(q, k.transpose(1, 2))
        weights = weights.view(batch, self.heads, length, total) + mask
        weights = torch.max(weights, torch.tensor(torch.finfo(weights.dtype).min))
        weights = weights.view(batch * self.heads, length, total)
        x = torch.bmm(F.softmax(weights, dim=-1), v)
        x = x.view(batch, self.heads, length, self.head_dim).transpose(1, 2)
        return self.out_proj(x.reshape(batch, length, self.size)), present


class Layer(nn.Module):
    def __init__(self, c, dropout):
        super().__init__()
        size = c["hidden_size"]
        self.self_attn = Attention(c)
        self.dropout = nn.Dropout(dropout)
        self.activation_fn = nn.ReLU()
        self.self_attn_layer_norm = nn.LayerNorm(size)
        self.fc1 = nn.Linear(size, c["ffn_dim"])
        self.fc2 = nn.Linear(c["ffn_dim"], size)
        self.final_layer_norm = nn.LayerNorm(size)

    def forward(self, x, mask, past):
        residual = x
        x, present = self.self_attn(self.self_attn_layer_norm(x), mask, past)
        x = residual + self.dropout(x)
        shape = x.shape
        x = x.reshape(-1, x.size(-1))
        residual = x
        x = self.fc2(self.activation_fn(self.fc1(self.final_layer_norm(x))))
        return (residual + self.dropout(x)).view(shape), present


class Decoder(nn.Module):
    def __init__(self, c, dropout):
        super().__init__()
        self.embed_tokens = nn.Embedding(c["vocab_size"], c["hidden_size"])
        self.embed_positions = LearnedPositions(c["max_position_embeddings"], c["hidden_size"])
        self.layers = nn.ModuleList(Layer(c, dropout) for _ in range(c["num_hidden_layers"]))
        self.final_layer_norm = nn.LayerNorm(c["hidden_size"])

    def forward(self, input_ids, attention_mask, past_key_values):
        input_ids = input_ids.view(-1, input_ids.size()[-1])
        batch, length = input_ids.shape
        past = common.past_length(past_key_values)
        if attention_mask is None:
            attention_mask = torch.ones(batch, past + length, device=input_ids.device)
        x = self.embed_tokens(input_ids)
        mask = common.expanded_mask(attention_mask, batch, length, past, x.dtype, x.device)
        x = x + self.embed_positions(attention_mask, past)
        presents = ()
        for i, layer in enumerate(self.layers):
            x, present = layer(x, mask, past_key_values[i] if past_key_values is not None else None)
            presents += (present,)
        return self.final_layer_norm(x), presents


class Body(nn.Module):
    def __init__(self, c, dropout):
        super().__init__()
        self.decoder = Decoder(c, dropout)

    def forward(self, *arguments):
        return self.decoder(*arguments)


class Model(nn.Module):
    takes_position_ids = False
    residual_projections = ("out_proj", "fc2")

    def __init__(self, config=CONFIG, dropout=0.0):
        super().__init__()
        self.config = dict(config)
        self.use_cache = True
        self.model = Body(config, dropout)
        self.lm_head = nn.Linear(config["hidden_size"], config["vocab_size"], bias=False)
        self.lm_head.weight = self.model.decoder.embed_tokens.weight
        common.initialize(self, self.residual_projections, config["num_hidden_layers"])

    def forward(self, input_ids, attention_mask=None, past_key_values=None):
        x, presents = self.model(input_ids, attention_mask, past_key_values)
        logits = self.lm_head(x).contiguous()
        return (logits, presents) if self.use_cache else logits
