# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Train one model of the zoo: python3 -m zoo.train shakespeare-opt

AdamW, linear warm-up and cosine decay to a tenth, dropout, early stopping on valid.txt: the
checkpoint of the best validation loss is kept in work/<name>.pt.

On a shared machine run it with OMP_WAIT_POLICY=passive: spinning OpenMP threads cost a factor
of six where the cores are taken.
"""
import argparse
import importlib
import json
import math
import time

import torch
import torch.nn.functional as F

from zoo import bpe, data, evaluate

CKPT = data.WORK
SEED = 1616
CONTEXT = 256

# name: architecture and recipe
RECIPES = {
    "shakespeare-opt": dict(architecture="opt", steps=1000, batch=8, lr=2e-3, dropout=0.05),
}
EVALUATE_EVERY = 100
PATIENCE = 5  # evaluations without a better validation loss


def build(name, dropout=0.0):
    module = importlib.import_module("zoo.architectures." + RECIPES[name]["architecture"])
    return module.Model(dropout=dropout)


def load(name):
    model = build(name)
    model.load_state_dict(torch.load(CKPT / f"{name}.pt"))
    return model.eval()


def training_stream(tokenizer):
    ids = []
    for document in data.documents(data.read("train.txt")):
        ids.extend(tokenizer.encode_ordinary(document))
        ids.append(tokenizer.eot)
    return torch.tensor(ids)


def learning_rate(step, steps, peak, warmup=100):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = (step - warmup) / (steps - warmup)
    return peak * (0.1 + 0.45 * (1 + math.cos(math.pi * progress)))


def optimizer_for(model, lr):
    decay = [p for p in model.parameters() if p.dim() >= 2]
    rest = [p for p in model.parameters() if p.dim() < 2]
    return torch.optim.AdamW([{"params": decay, "weight_decay": 0.1},
                              {"params": rest, "weight_decay": 0.0}], lr=lr, betas=(0.9, 0.95))


def descend(model, optimizer, loss, lr):
    for group in optimizer.param_groups:
        group["lr"] = lr
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()


def train(name, steps=None):
    recipe = dict(RECIPES[name])
    if steps:
        recipe["steps"] = steps
    torch.manual_seed(SEED)
    tokenizer = bpe.load_default()
    stream = training_stream(tokenizer)
    valid_ids = tokenizer.encode_ordinary(data.read("valid.txt"))
    model = build(name, recipe["dropout"])
    model.use_cache = False
    size = sum(p.numel() for p in model.parameters())
    print(f"{name}: {size} parameters, {len(stream)} training tokens", flush=True)
    optimizer = optimizer_for(model, recipe["lr"])
    best, stale, history = math.inf, 0, []
    start, mean = time.time(), 0.0
    for step in range(recipe["steps"]):
        model.train()
        offsets = torch.randint(len(stream) - CONTEXT - 1, (recipe["batch"],)).tolist()
        rows = torch.stack([stream[o:o + CONTEXT + 1] for o in offsets])
        loss = F.cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten())
        descend(model, optimizer, loss, learning_rate(step, recipe["steps"], recipe["lr"]))
        mean += loss.item()
        if (step + 1) % EVALUATE_EVERY == 0 or step + 1 == recipe["steps"]:
            nll = evaluate.negative_log_likelihood(model, valid_ids) / (len(valid_ids) - 1)
            count = step % EVALUATE_EVERY + 1
            history.append({"step": step + 1, "train_loss": mean / count, "valid_loss": nll})
            print(f"step {step + 1} train {mean / count:.4f} valid {nll:.4f} "
                  f"perplexity {math.exp(nll):.3f} {time.time() - start:.0f} s", flush=True)
            mean = 0.0
            if nll < best:
                best, stale = nll, 0
                torch.save(model.state_dict(), CKPT / f"{name}.pt")
            else:
                stale += 1
                if stale == PATIENCE:
                    print("no better for long: stopped", flush=True)
                    break
    record = {"name": name, "parameters": size, "seed": SEED, "recipe": recipe,
              "context": CONTEXT, "seconds": round(time.time() - start), "history": history}
    (CKPT / f"{name}.train.json").write_text(json.dumps(record, indent=1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[*RECIPES])
    parser.add_argument("--steps", type=int, help="override the number of steps")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    CKPT.mkdir(exist_ok=True)
    for each in arguments.names:
        train(each, arguments.steps)
