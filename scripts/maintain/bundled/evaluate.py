"""Measures the bundled models: solo, votes, debates, controls. usage: python evaluate.py [--n 1000] [--rounds 2] [--cards]

Vote ties go to the answer first seen. `--cards` writes the figures for the model cards to .cache/bundled/measured.json.
"""
import argparse
import json
import os
import random
from collections import Counter

import torch

from llama import CONFIG, generate
from problems import Vocabulary, final, load
from train import AGENTS, NAMES, OVERLAPS, WORK, restore

class Bench:
    def __init__(self, n, split="test", temperature=0.0):
        words, problems = load(WORK / f"{split}.jsonl")
        self.problems, self.temperature = problems[:n], temperature
        self.gold = [p["gold"] for p in self.problems]
        self.v = Vocabulary(words)
        self.config = {**CONFIG, "vocab_size": len(self.v.tokens)}
        self.generator = torch.Generator().manual_seed(1)
        self.models = {}

    def model(self, name):
        if name not in self.models:
            self.models[name] = restore(self.config, name if name == "student" else f"{name}-talk").eval()
        return self.models[name]

    def ask(self, name, prompts, temperature=None):
        temperature = self.temperature if temperature is None else temperature
        out = generate(self.model(name), prompts, temperature, 56, self.v.eos, self.generator)
        return [self.v.decode(r) for r in out]

    def solo(self, name, temperature=None):
        return self.ask(name, [self.v.prompt(p["text"]) for p in self.problems], temperature)

    def debate(self, names, rounds):
        """Replies [round][agent][question]."""
        turns = [[self.solo(name) for name in names]]
        for _ in range(rounds):
            last = turns[-1]
            turns.append([self.ask(name, [self.v.prompt(p["text"], own=last[i][q], peers=[last[j][q] for j in range(len(names)) if j != i])
                                          for q, p in enumerate(self.problems)]) for i, name in enumerate(names)])
        return turns

    def right(self, replies):
        return [final(r) == g for r, g in zip(replies, self.gold)]

    def vote(self, columns):
        """Verdicts of the plurality over agents' replies."""
        verdicts = []
        for q, gold in enumerate(self.gold):
            counts = Counter(final(c[q]) for c in columns if final(c[q]) is not None)
            verdicts.append(bool(counts) and counts.most_common(1)[0][0] == gold)
        return verdicts


def share(verdicts):
    return f"{sum(verdicts) / len(verdicts):.1%}"


def difference(a, b):
    """Paired bootstrap, 2,000 draws: mean and 95 % interval in points."""
    r, d = random.Random(0), [x - y for x, y in zip(a, b)]
    means = sorted(sum(r.choices(d, k=len(d))) / len(d) for _ in range(2000))
    return f"{100 * sum(d) / len(d):+.1f} ({100 * means[50]:+.1f} to {100 * means[1949]:+.1f})"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--agents", nargs="*", default=list(AGENTS))
    parser.add_argument("--sizes", type=int, nargs="*", default=[3, 5])
    parser.add_argument("--cards", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    os.nice(5)
    bench, cards = Bench(args.n, temperature=0.0), {name: {} for name in NAMES}

    def say(key, value, *names):
        print(key, value, flush=True)
        for name in names:
            cards[name][key] = value

    solo = {name: bench.right(bench.solo(name)) for name in args.agents}
    best = max(args.agents, key=lambda name: sum(solo[name]))
    for name in args.agents:
        say("alone, greedy", f"{name} {share(solo[name])}", name)
        say("alone, temperature 1", f"{name} {share(bench.right(bench.solo(name, 1.0)))}", name)

    def debate(names, what, *cards_of):
        turns = bench.debate(names, args.rounds)
        first = bench.vote(turns[0])
        say(f"{what}, vote of the first round", f"{share(first)}, above single {difference(first, solo[best])}", *cards_of)
        for r in range(1, args.rounds + 1):
            each = " ".join(share(bench.right(c)) for c in turns[r])
            vote = bench.vote(turns[r])
            say(f"{what}, after exchange {r}", f"each {each}; vote {share(vote)}, above the first round's vote {difference(vote, first)}", *cards_of)

    samples = [bench.solo(name, 1.0) for _ in range(10) for name in args.agents]
    say("vote of 30 samples at temperature 1", share(bench.vote(samples)), *args.agents)
    say("any of these 30 samples right", share([any(final(c[q]) == g for c in samples) for q, g in enumerate(bench.gold)]), *args.agents)
    for size in args.sizes:
        debate([args.agents[i % len(args.agents)] for i in range(size)], f"{size} agents", *args.agents)
    for name in args.agents:
        debate([name] * 3, "control, three copies of this agent", name)
    for overlap in OVERLAPS:
        names = ["agent-a", f"agent-b-{overlap}", f"agent-c-{overlap}"]
        if (WORK / f"{names[2]}-talk.pt").exists():
            for name in names[1:]:
                say("alone, greedy", share(bench.right(bench.solo(name))), name)
            debate(names, f"3 agents of {overlap} % overlap", *names[1:])
    if (WORK / "student.pt").exists():
        say("alone, greedy", share(bench.right(bench.solo("student", 0.0))), "student")
        say("alone, temperature 1", share(bench.right(bench.solo("student", 1.0))), "student")
    for split in ("steps", "vehicles", "money", "ood", "robust"):
        other = Bench(300, split)
        for name in [*args.agents, "student"]:
            say(f"split {split}, alone, greedy (n = {len(other.problems)})", f"{name} {share(other.right(other.solo(name, 0.0)))}", name)
    if args.cards:
        (WORK / "measured.json").write_text(json.dumps({"n": len(bench.problems), "cards": cards}, indent=2))


if __name__ == "__main__":
    main()
