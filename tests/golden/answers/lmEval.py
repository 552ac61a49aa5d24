"""Writes lmEval.json: 1,000 made-up replies and references, and what lm-evaluation-harness's own GSM8K filters and exact_match
make of them. The filters, the metric and gsm8k.yaml are those of the unpacked wheel; the package's front door, which brings
models and data sets with it, is left closed.

    pip download --no-deps lm-eval==0.4.13 && unzip lm_eval-0.4.13-py3-none-any.whl -d WHEEL
    python tests/golden/answers/lmEval.py WHEEL      (NumPy and PyYAML)
"""

import json
import random
import sys
import types
from importlib import import_module
from pathlib import Path

import yaml

WHEEL = Path(sys.argv[1])
for name in ("lm_eval", "lm_eval.filters", "lm_eval.api"):
    package = types.ModuleType(name)
    package.__path__ = [str(WHEEL / name.replace(".", "/"))]
    sys.modules[name] = package
sys.modules.setdefault("sacrebleu", types.ModuleType("sacrebleu"))
RegexFilter = import_module("lm_eval.filters.extraction").RegexFilter
TakeFirstFilter = import_module("lm_eval.filters.selection").TakeFirstFilter
exact_match = import_module("lm_eval.api.metrics").exact_match_hf_evaluate

TASK = yaml.safe_load((WHEEL / "lm_eval/tasks/gsm8k/gsm8k.yaml").read_text())
METRIC = {key: TASK["metric_list"][0][key] for key in ("regexes_to_ignore", "ignore_case", "ignore_punctuation")}
FILTERS = {
    each["name"]: [{k: v for k, v in step.items() if k != "function"} for step in each["filter"] if step["function"] == "regex"]
    for each in TASK["filter_list"]
}
random.seed(12)


def number():
    n = random.choice([random.randint(0, 99), random.randint(100, 99999), random.randint(10**6, 10**10)])
    return random.choice(
        [str(n), f"{n:,}", f"${n:,}", f"-{n}", f"{n}.{random.randint(0, 99):02}", f"{n}.", f"{n},", f"-${n}", f"${n:,}.50", f"{n}%", f"{n}/4", f"{n}e3"]
    )


def reply(gold):
    pick = lambda: random.choice([gold, gold, gold.rstrip("."), gold.replace(",", ""), number(), number()])
    parts = []
    for _ in range(random.randint(0, 4)):
        parts.append(
            random.choice(["He buys {} pens.", "{} + {} = {}", "So {}, then {}.", "It is {}!", "no figure here", "<<{}*2={}>>{}", "...", "$", "- {}", "x={}"]).replace(
                "{}", "\0"
            )
        )
    ends = ["#### \0", "####\0", "####  \0", "The answer is \0.", "#### \0\n\nQuestion: more?\n#### \0", "#### about \0", "#### $\0", "\\boxed{\0}", "", "#### -\0 apples", "### \0", "#### \0\n#### \0", "Answer: \0 dollars", "\0\n"]
    text = random.choice([" ", "\n"]).join([*parts, random.choice(ends)])
    while "\0" in text:
        text = text.replace("\0", pick(), 1)
    return text


def row():
    gold = number()
    reference = random.choice(["", "Then 2*3 = <<2*3=6>>6 are left.\n"]) + random.choice(["#### ", "", "#### "]) + gold
    text = reply(gold)
    found = {"reply": text, "reference": reference}
    for name, key in (("strict-match", "strict"), ("flexible-extract", "flexible")):
        inst = [[text]]
        for options in FILTERS[name]:
            inst = RegexFilter(**options).apply(inst, [{}])
        (value,) = TakeFirstFilter().apply(inst, [{}])
        score = exact_match(predictions=[value], references=[reference], **METRIC)["exact_match"]
        found[key] = value
        found[f"{key}Right"] = bool(score)
    return found


rows = [row() for _ in range(1000)]
text = ",\n".join(json.dumps(each, ensure_ascii=False) for each in rows)
Path(__file__).with_suffix(".json").write_text(f"[\n{text}\n]\n")
print({key: sum(each[f"{key}Right"] for each in rows) for key in ("strict", "flexible")})
