"""Writes statistics.json: Wilson intervals, mid-p McNemar and Holm from statsmodels; exact bootstrap quantiles, t intervals from scipy.

Run with the Python that has scripts/requirements.txt: python tests/golden/eval/make.py
"""

import json
from pathlib import Path

import numpy as np
import scipy
import statsmodels
from scipy.stats import binom, t
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

WILSON = [(0, 1), (1, 1), (0, 20), (20, 20), (7, 20), (50, 100), (123, 300), (299, 300), (501, 1000), (3, 10000)]
MCNEMAR = [(0, 0), (1, 0), (0, 5), (5, 5), (3, 9), (12, 30), (45, 4), (58, 7), (200, 160), (700, 650), (1500, 1400)]

HOLM = [[], [0.04], [0.01, 0.04, 0.03], [0.5, 0.5, 0.001, 1.0], [0.02, 0.01, 0.015, 0.0001, 0.9, 0.04, 0.04]]
T = [[0.1, 0.2], [-1.4, 0.7, -3.2, -2.5, -0.7], [0, 0, 0], [3, 1, 4, 1, 5, 9, 2, 6], list(range(21))]


def t_interval(values):
    half = t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return [float(np.mean(values) - half), float(np.mean(values) + half)]


def mid_p(b, c):
    """statsmodels gives the exact p = 2 P(X <= min), capped at 1; the mid-p form subtracts P(X = min) once."""
    if b == c:
        return 1.0
    exact = mcnemar([[0, b], [c, 0]], exact=True).pvalue
    return float(exact - binom.pmf(min(b, c), b + c, 0.5))


def exact_paired(a_only, b_only, n):
    """The 2.5 % and 97.5 % points of (A - B)/n, (A, B) multinomial: the limit of infinitely many resamples."""
    mass = np.zeros(2 * n + 1)
    share = (a_only + b_only) / n
    for discordant in range(n + 1):
        weight = binom.pmf(discordant, n, share)
        if weight < 1e-14:
            continue
        a = np.arange(discordant + 1)
        np.add.at(mass, 2 * a - discordant + n, weight * binom.pmf(a, discordant, a_only / (a_only + b_only)))
    cumulative = np.cumsum(mass)
    return [float((np.searchsorted(cumulative, q) - n) / n) for q in (0.025, 0.975)]


document = {
    "versions": {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__, "numpy": np.__version__},
    "wilson": [
        {"correct": k, "n": n, "ci": [float(x) for x in proportion_confint(k, n, alpha=0.05, method="wilson")]}
        for k, n in WILSON
    ],
    "mcnemar": [{"aOnly": b, "bOnly": c, "p": mid_p(b, c)} for b, c in MCNEMAR],
    "paired": [
        {"aOnly": a, "bOnly": b, "n": n, "ci": exact_paired(a, b, n)}
        for a, b, n in [(10, 4, 60), (45, 4, 150), (58, 7, 150), (30, 30, 300), (120, 60, 1000)]
    ],
    "holm": [
        {"p": p, "adjusted": [float(x) for x in multipletests(p, method="holm")[1]] if p else []} for p in HOLM
    ],
    "t": [{"values": v, "ci": t_interval(v)} for v in T],
}
Path(__file__).with_name("statistics.json").write_text(json.dumps(document, indent=1) + "\n")
