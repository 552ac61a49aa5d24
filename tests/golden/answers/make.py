"""Writes verdicts.json: made-up replies with a gold answer, math-verify's verdict, and the verdict that the pair was built for.

Every pair is composed here from a value and ways to write it, so its right verdict is known by construction. Where math-verify
0.9.0 differs from it, the pair's kind stands in exceptions.json with the argument.

    python tests/golden/answers/make.py      (scripts/requirements.txt and math-verify==0.9.0)
"""

import json
import logging
import random
from fractions import Fraction
from pathlib import Path

from math_verify import parse, verify

logging.disable(logging.CRITICAL)
random.seed(12)
SHELLS = ["\\boxed{{{}}}", "The answer is ${}$.", "So we get $\\boxed{{{}}}$."]
PLAIN = ["The answer is {}.", "Answer: {}", "so\n#### {}", "**Final answer:** {}", "The final answer is: {}"]
rows = []


def add(kind, form, gold, same, type="number", shells=None):
    for shell in shells or [random.choice(SHELLS)]:
        rows.append({"kind": kind, "reply": shell.format(form), "type": type, "gold": gold, "careful": same})


def written(value):
    return str(value) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"


# Integers in every grouping, with a wrong neighbour each.
for _ in range(8):
    n = random.randint(1000, 9_999_999)
    for form in (f"{n:,}", f"{n:,}".replace(",", "{,}"), f"{n:,}".replace(",", ",\\!"), f"\\${n:,}", f"{n:,}.00"):
        add("groups", form, str(n), True)
    add("thin-spaces", f"{n:,}".replace(",", "\\,"), str(n), True)
    add("thin-spaces", f"{n:,}".replace(",", "\u2009"), str(n), True, shells=PLAIN[:2])
    add("groups", f"{n + 1:,}", str(n), False)
    add("groups", str(n % 1000 + 1000000000), str(n), False)

# Fractions in every form.
for _ in range(8):
    a, b = random.randint(1, 9), random.randint(2, 9)
    value = Fraction(a, b)
    forms = [f"\\frac{{{a}}}{{{b}}}", f"\\dfrac{{{a}}}{{{b}}}", f"\\tfrac{{{a}}}{{{b}}}", f"\\frac{a}{b}", f"{a}/{b}", f"\\frac{{{2 * a}}}{{{2 * b}}}"]
    for form in forms:
        add("fractions", form, written(value), True)
    add("fraction-arguments", f"\\frac{{{a}}}{b}", written(value), True)
    add("fraction-arguments", f"\\frac{a}{{{b}}}", written(value), True)
    add("continued-fraction", f"\\cfrac{{{a}}}{{{b}}}", written(value), True)
    add("fractions", f"-\\frac{{{a}}}{{{b}}}", written(-value), True)
    add("sign-below", f"\\frac{{{a}}}{{-{b}}}", written(-value), True)
    add("fractions", f"\\frac{{{a}}}{{{b + 1}}}", written(value), False)
    add("fractions", f"{a}{b}", written(value), a * 10 + b == value)

# Mixed numbers.
for _ in range(8):
    whole, b = random.randint(1, 12), random.randint(3, 9)
    a = random.randint(1, b - 1)
    value = whole + Fraction(a, b)
    add("mixed", f"{whole}\\frac{{{a}}}{{{b}}}", written(value), True)
    add("mixed-plain", f"{whole} {a}/{b}", written(value), True, shells=["\\boxed{{{}}}", *PLAIN[:3]])
    add("mixed-units", f"{whole} {a}/{b} cups", written(value), True, shells=PLAIN[:2])
    add("mixed", f"{whole}\\frac{{{a}}}{{{b}}}", written(Fraction(whole * 10 + a, b)), False)

# Results after "=".
for _ in range(8):
    a, b = random.randint(2, 40), random.randint(2, 40)
    add("result", f"{a} + {b} = {a + b}", str(a + b), True, shells=["\\boxed{{{}}}", *PLAIN])
    add("result", f"{a} \\times {b} = {a * b}", str(a * b), True)
    add("result", f"{a} + {b} = {a + b}", str(a), a == a + b)
    add("result-currency", f"${a} + ${b} = ${a + b}", str(a + b), True, shells=PLAIN[:2])
    add("assignment", f"x = {a}", str(a), True)
    add("assignment", f"x = {a}", str(b), a == b)
    add("assignment", f"{a}", f"x={a}", True, "text")
    add("assignment", f"y = {a}", f"x={a}", False, "text")

# Powers and words of ten.
for _ in range(6):
    m, e = random.randint(1, 9), random.randint(2, 9)
    add("powers", f"{m} \\times 10^{e}", str(m * 10**e), True)
    add("powers", f"{m} \\cdot 10^{{{e}}}", str(m * 10**e), True)
    add("powers", f"10^{{{e}}}", str(10**e), True)
    add("powers", f"{m} \\times 10^{e}", str(m * 10), False)
    add("negative-powers", f"{m} \\times 10^{{-{e}}}", f"{m}/{10**e}", True)
    add("e-notation", f"{m}e{e}", str(m * 10**e), True, shells=PLAIN[:2])
    add("words-of-ten", f"{m}.5 million", str(m * 10**6 + 500000), True, shells=PLAIN[:2])
    add("words-of-ten", f"{m} thousand", str(m * 1000), True, shells=PLAIN[:1])

# Signs.
for n in (3, 7, 12, 40):
    add("signs", f"-{n}", str(-n), True)
    add("typographic-minus", f"\u2212{n}", str(-n), True, shells=PLAIN[:2])
    add("word-minus", f"negative {n}", str(-n), True, shells=PLAIN[:2])
    add("word-minus", f"minus {n}", str(-n), True, shells=PLAIN[:1])
    add("dash-minus", f"\u2014{n}", str(-n), True, shells=PLAIN[:2])
    add("signs", f"{n}", str(-n), False)

# Units, degrees, percent, currency.
for n in (5, 18, 90, 250):
    for form in (f"{n}\\text{{ cm}}", f"{n} \\text{{ square inches}}", f"{n}\\,\\text{{m}}", f"{n}\\mathrm{{ km}}", f"{n}^\\circ", f"{n}^{{\\circ}}", f"\\${n}", f"{n}\\text{{ dollars}}", f"{n}\\text{{ cm}}^2"):
        add("units", form, str(n), True)
        add("units", str(n), form, True, "text")
    add("units", f"{n + 1}\\text{{ cm}}", f"{n}\\text{{ cm}}", False, "text")
    add("percent", f"{n}\\%", str(n), True)
    add("percent-as-share", f"{n}\\%", written(Fraction(n, 100)), False)
    add("unit-words", f"{n} apples", str(n), True, shells=PLAIN)

# Roots.
for _ in range(6):
    k, r = random.randint(2, 9), random.choice([2, 3, 5, 7])
    gold = f"{k}\\sqrt{{{r}}}"
    add("roots", f"{k}\\sqrt{r}", gold, True, "text")
    add("roots", f"{k} \\sqrt{{{r}}}", gold, True, "text")
    add("roots", f"\\sqrt{{{k * k * r}}}", gold, True, "text")
    add("roots", f"{k}\\sqrt{{{r + 1}}}", gold, False, "text")
    add("roots", f"\\dfrac{{\\sqrt{{{r}}}}}{{{k}}}", f"\\frac{{\\sqrt{{{r}}}}}{{{k}}}", True, "text")
    add("roots", f"\\frac{{{r}}}{{{k}\\sqrt{{{r}}}}}", f"\\frac{{\\sqrt{{{r}}}}}{{{k}}}", True, "text")
    add("roots", f"\\sqrt{{{k * k}}}", str(k), True)
    add("roots", f"\\sqrt[3]{{{k**3}}}", str(k), True)

# Formulas with variables.
for _ in range(6):
    a, b = random.randint(2, 9), random.randint(2, 9)
    gold = f"x^2+{a + b}x+{a * b}"
    add("formulas", f"(x+{a})(x+{b})", gold, True, "text")
    add("formulas", f"{a * b} + {a + b}x + x^2", gold, True, "text")
    add("formulas", f"x^{{2}} + {a + b} x + {a * b}", gold, True, "text")
    add("formulas", f"x^2+{a + b}x+{a * b + 1}", gold, False, "text")
    add("formulas", f"\\frac{{1}}{{x+{a}}}", f"1/(x+{a})", True, "text")
    add("formulas", f"\\frac{{x}}{{{a}}}", f"\\frac{{1}}{{{a}}}x", True, "text")
    add("equations", f"y={a}x+{b}", f"y = {b}+{a}x", True, "text")
    add("equations", f"y={a}x+{b}", f"y = {a}x-{b}", False, "text")
    add("formulas", f"\\frac{{\\pi}}{{{a}}}", f"\\pi/{a}", True, "text")
    add("formulas", f"{a}+{b}i", f"{b}i+{a}", True, "text")
    add("formulas", f"{a}+{b}i", f"{a}-{b}i", False, "text")

# Lists, sets, tuples, intervals, inequalities, unions, matrices.
for _ in range(8):
    a, b, c = random.sample(range(1, 30), 3)
    low, high = sorted((a, b))
    add("lists", f"{a},{b}", f"{a}, {b}", True, "text")
    add("lists", f"{b}, {a}", f"{a}, {b}", True, "text")
    add("lists", f"{a}, {b}, {c}", f"{c},{a},{b}", True, "text")
    add("lists", f"{a}, {c}", f"{a}, {b}", False, "text")
    add("lists", f"{a}{b}", f"{a}, {b}", False, "text")
    add("lists", f"{a}, {b}", str(a), False)
    add("lists", f"{a}, {b}", f"{a}{b}", False)
    add("lists", f"\\{{{a},{b}\\}}", f"{b},{a}", True, "text")
    add("list-words", f"{a} \\text{{ and }} {b}", f"{a},{b}", True, "text")
    add("list-words", f"x={a} \\text{{ or }} x={b}", f"{a},{b}", True, "text")
    add("plus-minus", f"\\pm {a}", f"{a}, -{a}", True, "text")
    add("tuples", f"({a},{b})", f"({a}, {b})", True, "text")
    add("tuples", f"({b},{a})", f"({a}, {b})", False, "text")
    add("tuples", f"({a},{b},{c})", f"({a}, {b}, {c})", True, "text")
    add("tuples", f"\\left({a},\\frac{{1}}{{2}}\\right)", f"({a}, 0.5)", True, "text")
    add("intervals", f"[{low}, {high}]", f"[{low},{high}]", True, "text")
    add("intervals", f"[{low}, {high})", f"[{low},{high}]", False, "text")
    add("intervals", f"(-\\infty, {a}]", f"(-\\infty,{a}]", True, "text")
    add("intervals", f"(-\\infty, {low}) \\cup ({high}, \\infty)", f"(-\\infty,{low})\\cup({high},\\infty)", True, "text")
    add("inequality-for-interval", f"x < {a}", f"(-\\infty, {a})", True, "text")
    add("inequalities", f"(-\\infty, {a})", f"x < {a}", True, "text")
    add("inequalities", f"x \\le {a}", f"{a} \\ge x", True, "text")
    add("inequalities", f"x \\le {a}", f"x < {a}", False, "text")
    add("inequality-for-interval", f"{low} < x < {high}", f"({low},{high})", True, "text")
    add("matrices", f"\\begin{{pmatrix}} {a} \\\\ {b} \\end{{pmatrix}}", f"\\begin{{pmatrix}}{a}\\\\{b}\\end{{pmatrix}}", True, "text")
    add("matrices", f"\\begin{{pmatrix}} {b} \\\\ {a} \\end{{pmatrix}}", f"\\begin{{pmatrix}}{a}\\\\{b}\\end{{pmatrix}}", False, "text")

# Bases and words.
for digits, base in ((12, 5), (101, 2), (47, 8)):
    add("bases", f"{digits}_{base}", f"{digits}_{{{base}}}", True, "text")
    add("bases", f"{digits + 1}_{base}", f"{digits}_{{{base}}}", False, "text")
for word, other in (("Paris", "Rome"), ("even", "odd"), ("Evelyn", "Angela"), ("east", "west")):
    add("words", f"\\text{{{word}}}", f"\\text{{{word}}}", True, "text")
    add("bare-words", word, f"\\text{{{word}}}", True, "text")
    add("words", f"\\text{{{other}}}", f"\\text{{{word}}}", False, "text")

# Where the answer stands.
for _ in range(6):
    a, b = random.sample(range(2, 90), 2)
    rows += [
        {"kind": "last-box", "reply": f"First \\boxed{{{b}}}. No: \\boxed{{{a}}}", "type": "number", "gold": str(a), "careful": True},
        {"kind": "places", "reply": f"We have {b} pens. The answer is {a}.", "type": "number", "gold": str(a), "careful": True},
        {"kind": "thoughts", "reply": f"<think>maybe \\boxed{{{b}}}</think> So it is {a}.", "type": "number", "gold": str(a), "careful": True},
        {"kind": "thoughts", "reply": f"maybe \\boxed{{{b}}} </think>\nThe answer is {a}.", "type": "number", "gold": str(a), "careful": True},
        {"kind": "thoughts", "reply": f"<think>maybe \\boxed{{{a}}} or", "type": "number", "gold": str(a), "careful": False},
        {"kind": "run-on", "reply": f"so {a} are left\n#### {a}\n\nQuestion: and now?\n#### {b}", "type": "number", "gold": str(a), "careful": True},
        {"kind": "run-on", "reply": f"so \\boxed{{{a}}}\n\nQuestion: and now?\n\\boxed{{{b}}}", "type": "number", "gold": str(a), "careful": True},
        {"kind": "comma-decimal", "reply": f"\\boxed{{{a},{b % 9 + 1}}}", "type": "number", "gold": f"{a}{b % 9 + 1}", "careful": False},
        {"kind": "approximation", "reply": f"\\boxed{{{a}.333333}}", "type": "number", "gold": f"{3 * a + 1}/3", "careful": False},
    ]

for row in rows:
    row["mathVerify"] = verify(parse(f"${row['gold']}$"), parse(row["reply"]))
text = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
Path(__file__).with_name("verdicts.json").write_text(f"[\n{text}\n]\n")
differing = {}
for row in rows:
    if row["mathVerify"] != row["careful"]:
        differing.setdefault(row["kind"], []).append((row["reply"], row["gold"], row["mathVerify"]))
print(len(rows), "pairs")
for kind, cases in differing.items():
    print(kind, len(cases), cases[:3])
