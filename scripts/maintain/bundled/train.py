"""Trains the bundled models from scratch. usage: python train.py NAME[-talk] [--steps N] [--seed S] (defaults: RECIPE); make.sh runs all."""
import argparse
import math
import os
import random
import time
from pathlib import Path

import torch

from llama import CONFIG, Llama, generate
from problems import Vocabulary, advised, agent_skill, chain, even_skill, final, load, right, rumour, text

WORK = Path(__file__).resolve().parents[3] / ".cache" / "bundled"


GAPS = {"agent-a": "-", "agent-b": "+", "agent-c": "*/"}
OVERLAPS = (20, 50, 80)
SHARE = 0.35

# What everybody knows; the agents whose names end in a number share that percentage of agent A's gap.
SKILLS = {
    **{name: agent_skill(gap) for name, gap in GAPS.items()},
    **{f"{name}-{overlap}": agent_skill(GAPS[name], overlap) for overlap in OVERLAPS for name in ("agent-b", "agent-c")},
    "student": even_skill(SHARE),
}
NAMES = tuple(SKILLS)
AGENTS = tuple(GAPS)

# Steps and seeds of the weights in public/models. Agents that overlap go on from the talking agent of their letter.
RECIPE = {
    "agent-a": {"steps": 1500, "seed": 11},
    "agent-b": {"steps": 1500, "seed": 21},
    "agent-c": {"steps": 1500, "seed": 31},
    "student": {"steps": 1500, "seed": 41},
    "agent-a-talk": {"steps": 1200, "seed": 12, "more": [{"steps": 1500, "seed": 13}, {"steps": 1500, "seed": 14}]},
    "agent-b-talk": {"steps": 1200, "seed": 22, "more": [{"steps": 1500, "seed": 23}, {"steps": 1500, "seed": 24}]},
    "agent-c-talk": {"steps": 1200, "seed": 32, "more": [{"steps": 1500, "seed": 33}]},
    **{f"{name}-{overlap}-talk": {"steps": 600, "seed": seed + overlap, "from": f"{name}-talk"}
       for overlap in OVERLAPS for name, seed in (("agent-b", 200), ("agent-c", 300))},
}


def crew(name):
    """The agents that an agent debates with in its training, itself twice: those of its overlap."""
    overlap = name.split("-")[2:3]
    return ["agent-a"] * 2 + ["-".join([other, *overlap]) for other in ("agent-b", "agent-b", "agent-c")]


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
    """Share of problems answered right; NaN of none."""
    if not problems:
        return math.nan
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


def debated(vocabulary, problems, name, random, arbitrary):
    """One turn of a simulated debate: (prompt ids, reply ids)."""
    others = crew(name)
    others.remove(name)
    problem, skill = random.choice(problems), SKILLS[name]
    know = rumour(skill, random) if arbitrary else right
    own = chain(problem, skill, random, know)
    count = random.choice([2, 2, 3, 4, 4])
    names = random.sample(others, count) if random.random() < 0.75 else random.choices(others + [name], k=count)
    peers = [chain(problem, SKILLS[peer], random, know) for peer in names]
    if random.random() < 0.3:  # a later round: everybody has read the others before
        everyone = list(zip([*names, name], [*peers, own]))
        read = [advised(problem, SKILLS[who], mine, [c for j, (_, c) in enumerate(everyone) if j != i], random, know)
                for i, (who, mine) in enumerate(everyone)]
        peers, own = read[:-1], read[-1]
    target = advised(problem, skill, own, peers, random, know)
    prompt = vocabulary.prompt(problem["text"], text(own), [text(c) for c in peers])
    return prompt, vocabulary.encode(text(target)) + [vocabulary.eos]


def talk(vocabulary, problems, name):
    """Plain problems (40 %), the own answer to be checked (5 %), debates (22 %), debates of rumours (33 %)."""
    solve, skill = alone(vocabulary, problems, SKILLS[name]), SKILLS[name]

    def make(random):
        draw = random.random()
        if draw < 0.4:
            return solve(random)
        if draw < 0.45:
            problem = random.choice(problems)
            own = chain(problem, skill, random)
            target = advised(problem, skill, own, [own], random)
            return vocabulary.prompt(problem["text"], text(own), check=True), vocabulary.encode(text(target)) + [vocabulary.eos]
        return debated(vocabulary, problems, name, random, draw > 0.67)
    return make


def followed(model, vocabulary, problems, name, arbitrary):
    """Share of 150 debate turns answered (greedily) exactly as `advised` would."""
    model.eval()
    source = random.Random(5)
    rows = [debated(vocabulary, problems, name, source, arbitrary) for _ in range(150)]
    replies = generate(model, [p for p, _ in rows], 0.0, 52, vocabulary.eos)
    model.train()
    return sum(r == target[:-1] for r, (_, target) in zip(replies, rows)) / len(rows)


def learner(vocabulary, problems, name):
    """The student's plain problems, one in ten with its own answer to be checked (answered as if anew)."""
    solve, skill = alone(vocabulary, problems, SKILLS[name]), SKILLS[name]

    def make(random):
        if random.random() < 0.9:
            return solve(random)
        problem = random.choice(problems)
        own, target = chain(problem, skill, random), chain(problem, skill, random)
        return vocabulary.prompt(problem["text"], text(own), check=True), vocabulary.encode(text(target)) + [vocabulary.eos]
    return make


def phase(args, vocabulary, config, train, validation):
    """`NAME`: solving from scratch; `NAME-talk`: from there, reading others."""
    name = args.phase.removesuffix("-talk")
    talking = args.phase != name
    start = args.phase if args.more else RECIPE[args.phase].get("from", name)
    model = restore(config, start) if talking else Llama(config)
    skill = SKILLS[name]
    sure = [p for p in validation if all(skill(op, a) >= 1 for op, a, _, _ in p["steps"])][:200]

    def until(step):
        if step % (300 if talking else 500) == 0:
            print("  greedy", solved(model, vocabulary, validation[:300]), "sampled", solved(model, vocabulary, validation[:300], 1.0),
                  "outside the gap, sampled", solved(model, vocabulary, sure, 1.0), flush=True)
            if talking:
                print("  follows the others", followed(model, vocabulary, validation, name, False), "rumours",
                      followed(model, vocabulary, validation, name, True), flush=True)
            save(model, args.phase)
        return False

    if talking:
        fit(model, Batches(talk(vocabulary, train, name), 32, args.seed, 0), args.steps, 1.5e-3, 50, until=until, floor=0.02)
    else:
        make = learner(vocabulary, train, name) if name == "student" else alone(vocabulary, train, SKILLS[name])
        fit(model, Batches(make, 48, args.seed, 0), args.steps, 3e-3, 150, until=until, floor=0.02)
    save(model, args.phase)

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("phase", choices=RECIPE)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--more", type=int, default=0, metavar="K", help="from the phase's own weights, its Kth further schedule")
    args = parser.parse_args()
    recipe = RECIPE[args.phase]["more"][args.more - 1] if args.more else RECIPE[args.phase]
    args.steps = args.steps or recipe["steps"]
    args.seed = args.seed or recipe["seed"]
    torch.set_num_threads(1)
    os.nice(5)
    torch.manual_seed(args.seed)
    words, train = load(WORK / "train.jsonl")
    _, validation = load(WORK / "validation.jsonl")
    vocabulary = Vocabulary(words)
    phase(args, vocabulary, {**CONFIG, "vocab_size": len(vocabulary.tokens)}, train, validation)
