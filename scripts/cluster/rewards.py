"""Rewards of a reply by the answer rules of Arklet, for TRL: `trl grpo --reward_funcs rewards.arklet_reward`.

The answer is what stands after the last "####" or, where there is none, the last number (letter) of the reply. Numbers are compared as
exact fractions, letters and words without case. vectors.jsonl holds replies with Arklet's own verdicts: `python test_rewards.py`.
"""
import re
from fractions import Fraction

NUMBER = re.compile(r"-?\$?\d[\d,]*(?:\.\d+)?(?:/\d+)?%?")


def number(text):
    """The last number of a text as a fraction, None without one."""
    found = NUMBER.findall(text.replace("\u2212", "-"))
    if not found:
        return None
    try:
        return Fraction(found[-1].replace(",", "").replace("$", "").rstrip("%"))
    except (ValueError, ZeroDivisionError):
        return None


def answer_line(reply):
    """What follows the last "####" on its line, None without one."""
    return reply.rsplit("####", 1)[1].strip().split("\n")[0] if "####" in reply else None


def words(text):
    return re.sub(r"\s+", " ", text).strip().rstrip(".").lower()


def is_right(reply, solution, kind="number"):
    line = answer_line(reply)
    if kind == "number":
        # A line with several numbers says none of them for certain.
        if line is not None and len(NUMBER.findall(line)) != 1:
            return False
        found, wanted = number(reply if line is None else line), number(solution)
        return found is not None and found == wanted
    if line is None:
        return False
    if kind == "choice":
        letter = re.fullmatch(r"\(?([A-Ja-j])\)?[.:]?(?:\s.*)?", line)
        return letter is not None and letter.group(1).upper() == solution.upper()
    return words(line) == words(solution)


def arklet_reward(completions, solution, type=None, **columns):
    """1 for a right reply, else 0: the verifiable part of PAD's reward."""
    kinds = type or ["number"] * len(completions)
    texts = [reply if isinstance(reply, str) else reply[-1]["content"] for reply in completions]
    return [float(is_right(*each)) for each in zip(texts, solution, kinds)]
