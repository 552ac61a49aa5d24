"""Holds rewards.py to Arklet's verdicts on replies of the run. Exit code 1 where one differs."""
import json
import pathlib
import sys

from rewards import arklet_reward

lines = (pathlib.Path(__file__).parent / "vectors.jsonl").read_text(encoding="utf-8").splitlines()
vectors = [json.loads(line) for line in lines]
differing = [
    vector
    for vector in vectors
    if arklet_reward([vector["reply"]], [vector["solution"]], [vector["type"]]) != [float(vector["correct"])]
]
for vector in differing[:10]:
    print(json.dumps(vector), file=sys.stderr)
print(f"{len(vectors) - len(differing)} of {len(vectors)} verdicts are Arklet's")
sys.exit(1 if differing or not vectors else 0)
