"""Prototype of the distillation in PyTorch: which student, rank, rate and steps the presets should use.

usage: python distil.py collect [--count 2400] [--agents 5] [--rounds 2]   debates on training questions -> .cache/bundled/traces.json
       python distil.py train [--questions 2400] [--rank 16] [--lr 5e-3] [--steps 250] [--batch 32] [--per 1] [--seeds 1]
"""
import argparse
import json
import os
import random
import time

import torch
import torch.nn.functional as F
from torch import nn

from evaluate import AGENTS, Bench, difference, share
from problems import final
from train import WORK, Batches, restore


class Lora(nn.Module):
    """x W^T + (alpha / rank) x A^T B^T, initialised as peft does it."""

    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.weight, self.scale = linear.weight.detach(), alpha / rank
        self.a = nn.Parameter(torch.empty(rank, linear.in_features))
        self.b = nn.Parameter(torch.zeros(linear.out_features, rank))
        nn.init.kaiming_uniform_(self.a, a=5 ** 0.5)

    def forward(self, x):
        return F.linear(x, self.weight) + self.scale * (x @ self.a.T) @ self.b.T


def adapt(model, rank, alpha):
    for p in model.parameters():
        p.requires_grad_(False)
    for layer in model.layers:
        for name, module in list(layer.named_children()):
            if isinstance(module, nn.Linear):
                setattr(layer, name, Lora(module, rank, alpha))
    return [p for p in model.parameters() if p.requires_grad]


def collect(args):
    bench = Bench(args.count, split="traces")
    turns = bench.debate([AGENTS[i % len(AGENTS)] for i in range(args.agents)], args.rounds)
    rows = []
    for q, problem in enumerate(bench.problems):
        replies = [reply[q] for round_ in turns for reply in round_]
        rows.append({"text": problem["text"], "chain": problem["chain"], "good": [r for r in replies if final(r) == problem["gold"]]})
    (WORK / "traces.json").write_text(json.dumps(rows))
    print("questions with a correct trace", sum(bool(r["good"]) for r in rows), "of", len(rows))


def train(args):
    bench = Bench(args.n)
    v = bench.v
    base = bench.right(bench.solo("student", 0.0))
    rows = [r for r in json.loads((WORK / "traces.json").read_text())[:args.questions] if r["good"]]
    for seed in range(args.seeds):
        torch.manual_seed(seed)
        chooser = random.Random(seed)
        pairs = []
        for row in rows:
            kinds = sorted(set(row["good"]))
            picked = [row["chain"]] if args.gold else ([chooser.choice(row["good"])] if args.per == 1 else chooser.sample(kinds, min(args.per, len(kinds))))
            pairs += [(v.prompt(row["text"]), v.encode(reply) + [v.eos]) for reply in picked]
        model = restore(bench.config, "student")
        parameters = adapt(model, args.rank, 2 * args.rank)
        optimiser = torch.optim.AdamW(parameters, lr=args.lr, betas=(0.9, 0.999), weight_decay=0.0)
        began, order = time.time(), []
        batches = Batches(lambda _: pairs[order.pop()], args.batch, seed, 0)
        for step in range(args.steps):
            if len(order) < args.batch * 16:
                order[:0] = chooser.sample(range(len(pairs)), len(pairs))
            while len(order) < args.batch * 16:
                order[:0] = chooser.sample(range(len(pairs)), len(pairs))
            rate = args.lr * min(1, (step + 1) / 10) * (1 - step / args.steps)
            for group in optimiser.param_groups:
                group["lr"] = rate
            loss = model.loss(*batches.next())
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimiser.step()
            if (step + 1) % 50 == 0:
                print(f"  step {step + 1} loss {loss.item():.4f} s {time.time() - began:.0f}", flush=True)
        bench.models["student"] = model.eval()
        after = bench.right(bench.solo("student", 0.0))
        print(vars(args), "seed", seed, "base", share(base), "distilled", share(after), "gain", difference(after, base), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["collect", "train"])
    for name, value in dict(count=2400, agents=5, rounds=2, questions=2400, rank=16, steps=250, batch=32, per=1, seeds=1, n=500).items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--lr", type=float, default=5e-3)
    parser.add_argument("--gold", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    os.nice(5)
    {"collect": collect, "train": train}[args.verb](args)
