"""Trains the bundled models from scratch. usage: python train.py PHASE [--steps N] [--seed S] (see PHASES)."""
import argparse
import math
import os
import random
import time
from pathlib import Path

import torch

from llama import CONFIG, Llama, generate
from problems import Vocabulary, advised, chain, final, load, text

WORK = Path(__file__).resolve().parents[2] / ".cache" / "bundled"


class Batches:
    """Endless batches (ids, targets) of similar lengths, made by `make(random) -> (prompt ids, reply ids)`."""

    def __init__(self, make, size, seed, pad):
        self.make, self.size, self.random, self.pad, self.queue = make, size, random.Random(seed), pad, []

    def next(self):
        if not self.queue:
            rows = sorted((self.make(self.random) for _ in range(self.size * 16)), key=lambda r: len(r[0]) + len(r[1]))
            self.queue = [rows[i:i + self.size] for i in range(0, len(rows), self.size)]
            self.random.shuffle(self.queue)
        rows = self.queue.pop()
        width = max(len(p) + len(r) for p, r in rows) - 1
        ids = torch.full((len(rows), width), self.pad)
        targets = torch.full((len(rows), width), -100)
        for i, (prompt, reply) in enumerate(rows):
            both = torch.tensor(prompt + reply)
            ids[i, :len(both) - 1] = both[:-1]
            targets[i, len(prompt) - 1:len(both) - 1] = both[len(prompt):]
        return ids, targets


def fit(model, batches, steps, lr, warmup, every=100, until=None, floor=0.1):
    """AdamW (0.9, 0.98), warm-up, cosine to floor * lr; `until(step)` may end it."""
    groups = [{"params": [p for p in model.parameters() if p.dim() == 2], "weight_decay": 0.05},
              {"params": [p for p in model.parameters() if p.dim() == 1], "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.98))
    began, tokens, total = time.time(), 0, 0.0
    for step in range(1, steps + 1):
        rate = lr * min(1, step / warmup) * (floor + (1 - floor) * (1 + math.cos(math.pi * step / steps)) / 2)
        for group in optimiser.param_groups:
            group["lr"] = rate
        ids, targets = batches.next()
        loss = model.loss(ids, targets)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        tokens, total = tokens + ids.numel(), total + loss.item()
        if step % every == 0:
            print(f"step {step} loss {total / every:.4f} tokens {tokens} s {time.time() - began:.0f}", flush=True)
            total = 0.0
            if until and until(step):
                break


def alone(vocabulary, problems, skill):
    def make(random):
        problem = random.choice(problems)
        return vocabulary.prompt(problem["text"]), vocabulary.encode(text(chain(problem, skill, random))) + [vocabulary.eos]
    return make


def solved(model, vocabulary, problems, temperature=0.0, seed=0):
    """Share of problems answered right."""
    model.eval()
    generator = torch.Generator().manual_seed(seed)
    replies = generate(model, [vocabulary.prompt(p["text"]) for p in problems], temperature, 52, vocabulary.eos, generator)
    model.train()
    return sum(final(vocabulary.decode(r)) == p["gold"] for r, p in zip(replies, problems)) / len(problems)


def save(model, name):
    torch.save(model.state_dict(), WORK / f"{name}.pt")


def restore(config, name):
    model = Llama(config)
    model.load_state_dict(torch.load(WORK / f"{name}.pt"))
    return model


def base(args, vocabulary, config, train, validation):
    """Every operation, all of them right: what the agents and the student grow from."""
    model = Llama(config)
    print("parameters", sum(p.numel() for p in model.parameters()))

    def until(step):
        if step % 250 == 0:
            print("  validation greedy", solved(model, vocabulary, validation[:300]), flush=True)
            save(model, f"base-{step}")
            save(model, "base")
        return False

    fit(model, Batches(alone(vocabulary, train, {}), 48, args.seed, 0), args.steps, 3e-3, 150, until=until)


PHASES = {"base": base}

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("phase", choices=PHASES)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    os.nice(5)
    torch.manual_seed(args.seed)
    words, train = load(WORK / "train.jsonl")
    _, validation = load(WORK / "validation.jsonl")
    vocabulary = Vocabulary(words)
    PHASES[args.phase](args, vocabulary, {**CONFIG, "vocab_size": len(vocabulary.tokens)}, train, validation)
