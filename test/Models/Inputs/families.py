# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small models in the forms of well-known families, random weights, with the outputs that they must give.

usage: families.py NAME FOLDER    write one of them

Each is written with the clutter of its family's exports: masks, positions and shapes are computed in the graph.
"""
import math
import pathlib
import sys
from dataclasses import dataclass, field

from eager_graph import FLOAT, INT64, Graph

HIDDEN, HEADS, SIZE, LAYERS, VOCABULARY, CONTEXT = 32, 4, 8, 2, 40, 16
IDS = [3, 17, 8, 25, 30, 2, 11, 39, 5, 21, 9]
LOWEST = -3.4028234663852886e38


@dataclass
class Decoder:
    """What a decoder of the family has; the defaults are LLaMA's."""
    key_heads: int = 2
    norm: str = "rms"  # rms, one-plus (1 + weight), layer
    rotary: float = 1.0  # the part of a head that is rotated
    alibi: bool = False
    learned: int = 0  # learned positions, whose table starts with so many unused rows
    bias: str = ""  # of the projections: "", qkv, all
    head_norms: bool = False
    window: dict = field(default_factory=dict)  # layer -> tokens that it sees
    cap: float = 0.0  # soft cap of the scores
    final_cap: float = 0.0
    scaled_embedding: bool = False
    embedding_norm: bool = False
    post_norms: bool = False
    parallel: bool = False
    feed: str = "silu"  # silu and gelu-tanh with a gate, or plain: gelu, gelu-tanh, relu
    gated: bool = True
    tied: bool = False


def gelu(g, x, form):
    if form == "gelu":
        return x * 0.5 * (g.unary("Erf", x / math.sqrt(2)) + 1.0)
    cubic = x + g.binary("Pow", x, 3.0) * 0.044715
    return x * 0.5 * (g.unary("Tanh", cubic * math.sqrt(2 / math.pi)) + 1.0)


def activation(g, x, form):
    return x * g.unary("Sigmoid", x) if form == "silu" else g.unary("Relu", x) if form == "relu" else gelu(g, x, form)


def linear(g, x, columns, bias=False):
    y = x @ g.weight(x.shape[-1], columns)
    return y + g.weight(columns) if bias else y


def norm(g, x, form):
    width = x.shape[-1]
    if form == "layer":
        return g.layer_norm(x, g.weight(width, scale=0.5, offset=1.0), g.weight(width))
    weight = g.weight(width) + 1.0 if form == "one-plus" else g.weight(width, offset=1.0)
    variance = g.mean(g.binary("Pow", x, 2.0)) + 1e-6
    return x * (g.number(1.0) / g.unary("Sqrt", variance)) * weight


def heads_of(g, x, heads):
    """[batch, tokens, heads, size]"""
    return g.reshape(x, [0, 0, heads, x.shape[-1] // heads])


def rotated(g, x, positions, part):
    """The first part of each head is rotated by the tokens' positions, in halves."""
    turned = int(SIZE * part)
    half = turned // 2
    speeds = g.constant((1, half), [10000.0 ** (-i / half) for i in range(half)])
    angles = g.unsqueeze(g.cast(positions, FLOAT), 1) @ speeds
    angles = g.concat([angles, angles])
    x_turned = g.slice(x, -1, 0, turned) if turned < SIZE else x
    swapped = g.concat([g.unary("Neg", g.slice(x_turned, -1, half, turned)), g.slice(x_turned, -1, 0, half)])
    y = x_turned * g.unary("Cos", angles) + swapped * g.unary("Sin", angles)
    return g.concat([y, g.slice(x, -1, turned, SIZE)]) if turned < SIZE else y


def causal_mask(g, positions, window, attention_mask):
    """[tokens, tokens] (with a mask [batch, 1, tokens, tokens]): 0 where a key is seen."""
    rows, keys = g.unsqueeze(positions, 1), g.unsqueeze(positions, 0)
    hidden = g.binary("Greater", keys, rows)
    if window:
        hidden = g.binary("Or", hidden, g.binary("Less", keys, rows - (window - 1)))
    if attention_mask:
        hidden = g.binary("Or", hidden, g.binary("Equal", g.unsqueeze(g.unsqueeze(attention_mask, 1), 1), 0))
    return g.where(hidden, LOWEST, 0.0)


def alibi(g, attention_mask):
    """[batch, heads, 1, tokens], from the places that the mask counts, as BLOOM has it."""
    places = (g.cumsum(attention_mask) - 1) * attention_mask
    slopes = g.constant((HEADS, 1, 1), [2.0 ** (-8 * (i + 1) / HEADS) for i in range(HEADS)])
    return g.cast(g.unsqueeze(g.unsqueeze(places, 1), 1), FLOAT) * slopes


def repeated(g, x, times, tokens):
    """Each of the heads [batch, heads, tokens, size] so many times."""
    if times == 1:
        return x
    apart = g.unsqueeze(x, 2)
    many = g.concat([apart] * times, axis=2)
    return g.reshape(many, [0, HEADS, tokens, SIZE])


def attention(g, model, layer, x, positions, attention_mask, tokens):
    bias = model.bias in ("qkv", "all")
    query, key, value = (heads_of(g, linear(g, x, heads * SIZE, bias), heads)
                         for heads in (HEADS, model.key_heads, model.key_heads))
    if model.head_norms:
        query, key = norm(g, query, model.norm), norm(g, key, model.norm)
    query, key, value = (g.transpose(part, [0, 2, 1, 3]) for part in (query, key, value))
    if model.rotary:
        query, key = rotated(g, query, positions, model.rotary), rotated(g, key, positions, model.rotary)
    key, value = (repeated(g, part, HEADS // model.key_heads, tokens) for part in (key, value))
    scores = (query @ g.transpose(key, [0, 1, 3, 2])) * (1 / math.sqrt(SIZE))
    if model.cap:
        scores = g.unary("Tanh", scores / model.cap) * model.cap
    if model.alibi:
        scores = scores + alibi(g, attention_mask)
    scores = scores + causal_mask(g, positions, model.window.get(layer), attention_mask)
    mixed = g.transpose(g.softmax(scores) @ value, [0, 2, 1, 3])
    return linear(g, g.reshape(mixed, [0, 0, HIDDEN]), HIDDEN, model.bias == "all")


def feed_forward(g, model, x):
    bias = model.bias == "all"
    y = activation(g, linear(g, x, 48, bias), model.feed)
    return linear(g, y * linear(g, x, 48, bias) if model.gated else y, HIDDEN, bias)


def decoder_layer(g, model, layer, x, *context):
    normal = norm(g, x, model.norm)
    mixed = attention(g, model, layer, normal, *context)
    if model.parallel:
        return x + mixed + feed_forward(g, model, normal)
    x = x + (norm(g, mixed, model.norm) if model.post_norms else mixed)
    fed = feed_forward(g, model, norm(g, x, model.norm))
    return x + (norm(g, fed, model.norm) if model.post_norms else fed)


def decoder(model):
    g = Graph(1)
    ids = g.input("input_ids", (1, len(IDS)), IDS, ("batch", "sequence"))
    attention_mask = g.input("attention_mask", (1, len(IDS)), [1] * len(IDS), ("batch", "sequence")) if model.alibi else None
    tokens = g.size_of(ids, 1)
    positions = g.range(tokens)
    table = g.weight(VOCABULARY, HIDDEN)
    x = g.gather(table, ids)
    if model.scaled_embedding:
        x = x * math.sqrt(HIDDEN)
    if model.learned:
        x = x + g.gather(g.weight(model.learned + CONTEXT, HIDDEN), positions + model.learned)
    if model.embedding_norm:
        x = norm(g, x, model.norm)
    for layer in range(LAYERS):
        x = decoder_layer(g, model, layer, x, positions, attention_mask, tokens)
    x = norm(g, x, model.norm)
    logits = x @ g.transpose(table, [1, 0]) if model.tied else linear(g, x, VOCABULARY)
    if model.final_cap:
        logits = g.unary("Tanh", logits / model.final_cap) * model.final_cap
    g.output(logits, "logits")
    return g


@dataclass
class Encoder:
    """BERT's; two rows, of which the second is padded."""
    types: bool = True
    padding: int = -1  # the id whose places take no position (RoBERTa); -1: positions are 0, 1, 2, …
    head: str = "classes"  # classes, token-classes, pooled


def encoder_layer(g, x, mask):
    query, key, value = (g.transpose(heads_of(g, linear(g, x, HIDDEN, True), HEADS), [0, 2, 1, 3]) for _ in range(3))
    scores = (query @ g.transpose(key, [0, 1, 3, 2])) / math.sqrt(SIZE) + mask
    mixed = g.reshape(g.transpose(g.softmax(scores) @ value, [0, 2, 1, 3]), [0, 0, HIDDEN])
    x = norm(g, linear(g, mixed, HIDDEN, True) + x, "layer")
    return norm(g, linear(g, gelu(g, linear(g, x, 48, True), "gelu"), HIDDEN, True) + x, "layer")


def pooled(g, x, attention_mask):
    """The mean of the tokens that are there, of length 1: a sentence's embedding."""
    seen = g.unsqueeze(g.cast(attention_mask, FLOAT), 2)
    tokens = g.binary("Max", g.mean(seen, 1, "ReduceSum"), 1e-9)
    mean = g.reshape(g.mean(x * seen, 1, "ReduceSum") / tokens, [0, HIDDEN])
    return mean / g.unary("Sqrt", g.mean(g.binary("Pow", mean, 2.0), -1, "ReduceSum"))


def encoder(model):
    g = Graph(2)
    shape, dims, padding = (2, len(IDS)), ("batch", "sequence"), max(model.padding, 0)
    shown = [1] * len(IDS) + [1] * 7 + [0] * (len(IDS) - 7)
    data = [i if m else padding for i, m in zip(IDS + IDS[::-1], shown)]
    ids, mask = g.input("input_ids", shape, data, dims), g.input("attention_mask", shape, shown, dims)
    x = g.gather(g.weight(VOCABULARY, HIDDEN), ids)
    if model.types:
        types = g.input("token_type_ids", shape, ([0] * 5 + [1] * 6) * 2, dims)
        x = x + g.gather(g.weight(2, HIDDEN), types)
    if model.padding >= 0:
        there = g.cast(g.where(g.binary("Equal", ids, model.padding), 0.0, 1.0), INT64)
        positions = g.cumsum(there) * there + model.padding
    else:
        positions = g.range(g.size_of(ids, 1))
    x = norm(g, x + g.gather(g.weight(CONTEXT + 2, HIDDEN), positions), "layer")
    hidden = (g.number(1.0) - g.cast(g.unsqueeze(g.unsqueeze(mask, 1), 1), FLOAT)) * LOWEST
    for _ in range(LAYERS):
        x = encoder_layer(g, x, hidden)
    if model.head == "pooled":
        g.output(pooled(g, x, mask), "sentence_embedding")
    elif model.head == "token-classes":
        g.output(linear(g, x, 5, True), "logits")
    else:
        g.output(linear(g, g.unary("Tanh", linear(g, g.reshape(g.slice(x, 1, 0, 1), [0, HIDDEN]), HIDDEN, True)), 3, True), "logits")
    return g


DECODERS = {
    "mistral": Decoder(window={0: 5, 1: 5}),
    "qwen2": Decoder(bias="qkv", tied=True),
    "qwen3": Decoder(head_norms=True, tied=True),
    "gemma": Decoder(key_heads=1, norm="one-plus", scaled_embedding=True, feed="gelu-tanh", tied=True),
    "gemma2": Decoder(norm="one-plus", scaled_embedding=True, feed="gelu-tanh", tied=True, cap=5.0, final_cap=3.0,
                      post_norms=True, window={0: 5}),
    "phi": Decoder(key_heads=HEADS, norm="layer", rotary=0.5, bias="all", parallel=True, feed="gelu-tanh", gated=False),
    "bloom": Decoder(key_heads=HEADS, norm="layer", rotary=0, alibi=True, bias="all", embedding_norm=True,
                     feed="gelu-tanh", gated=False, tied=True),
    "falcon": Decoder(key_heads=1, norm="layer", parallel=True, feed="gelu", gated=False, tied=True),
    "falcon-alibi": Decoder(key_heads=HEADS, norm="layer", rotary=0, alibi=True, bias="all", feed="gelu", gated=False),
}
ENCODERS = {
    "bert-classes": Encoder(),
    "bert-token-classes": Encoder(head="token-classes"),
    "minilm": Encoder(head="pooled"),
    "roberta": Encoder(types=False, padding=1),
}


def write(name, folder):
    """A model's folder."""
    folder.mkdir(parents=True)
    graph = decoder(DECODERS[name]) if name in DECODERS else encoder(ENCODERS[name])
    graph.write(folder)
    (folder / "config.json").write_text(f'{{"max_position_embeddings": {CONTEXT}, "vocab_size": {VOCABULARY}}}\n',
                                        encoding="utf-8")


if __name__ == "__main__":
    write(sys.argv[1], pathlib.Path(sys.argv[2]))
