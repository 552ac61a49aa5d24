#!/bin/sh
# Trains the bundled models from scratch and writes public/models: about 40 minutes on one quiet CPU core.
# Needs Node, and Python with torch, tokenizers, safetensors and transformers (PYTHON, default .cache/venv).
set -eu
cd "$(dirname "$0")"
work=../../../.cache/bundled
python=${PYTHON:-../../../.cache/venv/bin/python}
mkdir -p "$work"
node export.mjs corpus 20261122 150000 >"$work/train.jsonl"
node export.mjs validation 1 2000 >"$work/validation.jsonl"
node export.mjs test 1 4000 >"$work/test.jsonl"
node export.mjs steps 1 1000 >"$work/steps.jsonl"
node export.mjs vehicles 1 500 >"$work/vehicles.jsonl"
node export.mjs money 1 500 >"$work/money.jsonl"
node export.mjs ood 1 500 >"$work/ood.jsonl"
node export.mjs robust 1 500 >"$work/robust.jsonl"
for name in agent-a agent-b agent-c student agent-a-talk agent-b-talk agent-c-talk; do
  "$python" -u train.py "$name"
done
for name in agent-a-talk agent-b-talk agent-c-talk; do
  "$python" -u train.py "$name" --more 1
done
for name in agent-a-talk agent-b-talk; do
  "$python" -u train.py "$name" --more 2
done
for name in agent-b-20-talk agent-c-20-talk agent-b-50-talk agent-c-50-talk agent-b-80-talk agent-c-80-talk; do
  "$python" -u train.py "$name"
done
"$python" evaluate.py --cards
"$python" package.py
