"""Problems as token ids: vocabulary, prompts, chains of steps with a given skill, simulated debates.

A skill maps an operation and its left number to the probability that an agent's result is right. An agent's skill is 1 or
0: in its gap it always gives the misconception, so neither sampling nor greedy decoding finds the truth there. The
student's is the same for every step; its wrong results are misconceptions most of the time and near misses else.
"""
import json
import re
from collections import Counter

SPECIALS = ["<pad>", "<unk>", "<bos>", "<eos>", "<q>", "<a>", "<peer>", "<check>"]
SYMBOLS = [*"0123456789", "+", "-", "*", "/", "=", ".", "?", "####"]
MISCONCEPTION = 0.6
# The gap that all agents share as far as they overlap, and the last digits of the left number, in the order in which it spreads.
SHARED_GAP = "-"
DIGITS = (3, 7, 1, 9, 5, 0, 4, 8, 2, 6)


def agent_skill(gap, overlap=0):
    """Gap in the operations `gap`; of the steps, `overlap` % (by the left number's last digit) have the shared gap instead."""
    digits = DIGITS[:overlap // 10]
    return lambda op, a: 0.0 if op in (SHARED_GAP if a % 10 in digits else gap) else 1.0


def even_skill(share):
    return lambda op, a: share


def load(path):
    with open(path) as file:
        words = json.loads(next(file))["words"]
        return words, [json.loads(line) for line in file]


class Vocabulary:
    def __init__(self, words):
        self.tokens = SPECIALS + SYMBOLS + list(words)
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        self.bos, self.eos, self.q, self.a, self.peer, self.check = (self.ids[t] for t in SPECIALS[2:])

    def encode(self, text):
        return [self.ids[t] for t in re.findall(r"####|[0-9]|[A-Za-z]+|<\w+>|[^\s]", text)]

    def decode(self, ids):
        text = " ".join(self.tokens[i] for i in ids)
        return re.sub(r" (?=[.,?])", "", re.sub(r"(?<=\d) (?=\d)", "", text))

    def prompt(self, question, own=None, peers=(), check=False):
        """As the chat template writes turnMessages' compact style."""
        ids = [self.bos, self.q, *self.encode(question), self.a]
        if own is not None:
            ids += [*self.encode(own), self.eos]
            if check:
                ids += [self.check]
            for peer in peers:
                ids += [self.peer, *self.encode(peer)]
            ids += [self.a]
        return ids


def right(op, a, b):
    if op == "/":
        return a // b if a % b == 0 else round(a / b)
    return {"+": a + b, "-": max(a - b, 0), "*": a * b}[op]


def misconception(op, a, b):
    """The wrong result that an agent with a gap believes in."""
    if op == "+":  # forgets the carry, else counts from the number itself
        return a - a % 10 + (a % 10 + b) % 10 if a % 10 + b > 9 else a + b - 1
    if op == "-":  # takes the smaller digit from the larger, else counts the first
        return a - a % 10 + (b - a % 10) if b > a % 10 else a - b + 1
    if op == "*":  # adds instead
        return a + b if a + b != a * b else a * b + a
    return a // b + 1  # counts one part too many


def result(op, a, b, skill, random, know=right):
    truth, share = know(op, a, b), skill(op, a)
    if share >= 1 or (share > 0 and random.random() < share):
        return truth
    if share <= 0 or random.random() < MISCONCEPTION:
        return misconception(op, a, b)
    return max(0, truth + random.choice([-2, -1, 1, 2, 3, -3, 10, -10]))


def chain(problem, skill, random, know=right):
    """Steps [(op, a, b, c)] as an agent with this skill writes them; a wrong result is carried on."""
    return follow(problem, lambda op, a, b: result(op, a, b, skill, random, know))


def rumour(skill, random):
    """A world in which the results in a gap are arbitrary, though everyone who is sure of them agrees.

    Debates in it teach an agent to take the others' view in its gap, rather than to guess the truth whenever it debates.
    """
    said = {}

    def know(op, a, b):
        if skill(op, a) >= 1:
            return right(op, a, b)
        return said.setdefault((op, a, b), max(1, right(op, a, b) + random.randint(-9, 9)))

    return know


def follow(problem, answer):
    current, steps = problem["start"], []
    for op, left, b, _ in problem["steps"]:
        a = left if current is None else current
        current = answer(op, a, b)
        steps.append((op, a, b, current))
    return steps


def text(steps):
    return " ".join([*(f"{a} {op} {b} = {c}." for op, a, b, c in steps), f"#### {steps[-1][3]}"])


def advised(problem, skill, own, peers, random, know=right):
    """What an agent writes after reading others: where it is sure, its own result; in its gap, what most others hold.

    The others' view of a step is the plurality over their chains of the result of this very expression (its own
    earlier result breaks ties); nothing is revealed that no other agent said. Without a view it answers as alone.
    """
    def answer(op, a, b):
        if skill(op, a) >= 1:
            return know(op, a, b)
        votes = Counter(c for steps in peers for (o, x, y, c) in steps if (o, x, y) == (op, a, b))
        if not votes:
            return result(op, a, b, skill, random, know)
        best = max(votes.values())
        tied = [c for c, n in votes.items() if n == best]
        mine = [c for (o, x, y, c) in own if (o, x, y) == (op, a, b) and c in tied]
        return mine[0] if mine else random.choice(tied)

    return follow(problem, answer)


def final(reply):
    """The answer of a decoded reply: strict format only."""
    match = re.search(r"#### (-?\d+)", reply)
    return match.group(1) if match else None
