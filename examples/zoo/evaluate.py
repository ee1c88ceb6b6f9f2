# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Perplexity of a causal language model, the one protocol used everywhere in the zoo.

The text is encoded without special tokens to t[0..n). For s = 0, 256, 512, ... < n - 1 the
model sees t[s : s+256] alone (empty past, positions from 0, all-ones mask; the last window is
shorter) and predicts the tokens t[s+1 : s+257]. So every token but the very first is scored
exactly once. Perplexity = exp(sum of negative log likelihoods / (n - 1)); bits per byte = that
sum / ln 2 / (bytes of the text less the bytes of its first token).
"""
import math

import torch
import torch.nn.functional as F

WINDOW = 256
PROTOCOL = " ".join(__doc__.split("\n\n")[1].split())


def windows(ids, window=WINDOW):
    for s in range(0, len(ids) - 1, window):
        target = ids[s + 1:s + window + 1]
        yield ids[s:s + len(target)], target


@torch.no_grad()
def negative_log_likelihood(model, ids, batch=16):
    """Sum over the scored tokens, in nats, in double precision."""
    model.eval()
    use_cache, model.use_cache = model.use_cache, False
    every = list(windows(ids))
    full = [w for w in every if len(w[0]) == WINDOW]
    groups = [full[i:i + batch] for i in range(0, len(full), batch)]
    groups += [[w] for w in every if len(w[0]) < WINDOW]
    total = 0.0
    for group in groups:
        x = torch.tensor([w[0] for w in group])
        y = torch.tensor([w[1] for w in group])
        logits = model(x).double()
        total += F.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="sum").item()
    model.use_cache = use_cache
    return total


def score(model, tokenizer, text, batch=16):
    ids = tokenizer.encode_ordinary(text)
    nll = negative_log_likelihood(model, ids, batch)
    scored_bytes = len(text.encode("utf-8")) - len(tokenizer.token_bytes(ids[0]))
    return {"tokens": len(ids), "scored_tokens": len(ids) - 1, "scored_bytes": scored_bytes,
            "negative_log_likelihood": nll, "perplexity": math.exp(nll / (len(ids) - 1)),
            "bits_per_byte": nll / math.log(2) / scored_bytes}
