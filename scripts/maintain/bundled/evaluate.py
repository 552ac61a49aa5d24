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
from train import NAMES, WORK, restore

AGENTS = [name for name in NAMES if name != "student"]


class Bench:
    def __init__(self, n, split="test", temperature=1.0):
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
    parser.add_argument("--agents", nargs="*", default=AGENTS)
    parser.add_argument("--sizes", type=int, nargs="*", default=[3, 5])
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--cards", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    os.nice(5)
    bench, cards = Bench(args.n, temperature=args.temperature), {name: {} for name in NAMES}

    def say(key, value, *names):
        print(key, value, flush=True)
        for name in names:
            cards[name][key] = value

    solo = {name: bench.right(bench.solo(name)) for name in args.agents}
    for name in args.agents:
        say("alone, sampled", f"{name} {share(solo[name])}", name)
        say("alone, greedy", f"{name} {share(bench.right(bench.solo(name, 0.0)))}", name)
    best = max(args.agents, key=lambda name: sum(solo[name]))
    copies = [bench.solo(best) for _ in range(5)]
    say("vote of 5 samples of the best agent", f"{best} {share(bench.vote(copies))}, above single {difference(bench.vote(copies), solo[best])}", best)
    for size in args.sizes:
        names = [args.agents[i % len(args.agents)] for i in range(size)]
        turns = bench.debate(names, args.rounds)
        first = bench.vote(turns[0])
        say(f"{size} agents, vote of the first round", f"{share(first)}, above single {difference(first, solo[best])}", *args.agents)
        for r in range(1, args.rounds + 1):
            each = " ".join(share(bench.right(c)) for c in turns[r])
            vote = bench.vote(turns[r])
            say(f"{size} agents, after exchange {r}", f"each {each}; vote {share(vote)}, above the first round's vote {difference(vote, first)}",
                *args.agents)
    small = Bench(min(args.n, 300), temperature=args.temperature)
    for name in args.agents:
        turns = small.debate([name] * 3, 1)
        each = " ".join(share(small.right(c)) for c in turns[1])
        say(f"control, three copies of this agent (n = {len(small.problems)})", f"{name}: first round's vote {share(small.vote(turns[0]))}, "
            f"after one exchange each {each}; vote {share(small.vote(turns[1]))}", name)
    if (WORK / "student.pt").exists():
        say("alone, greedy", share(bench.right(bench.solo("student", 0.0))), "student")
        say("alone, sampled", share(bench.right(bench.solo("student"))), "student")
    for split in ("ood", "robust"):
        other = Bench(300, split, args.temperature)
        for name in [*args.agents, "student"]:
            say(f"split {split}, alone, greedy (n = {len(other.problems)})", f"{name} {share(other.right(other.solo(name, 0.0)))}", name)
    if args.cards:
        (WORK / "measured.json").write_text(json.dumps(cards, indent=2))


if __name__ == "__main__":
    main()
