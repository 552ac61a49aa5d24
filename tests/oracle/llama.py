"""Logits of real llama.cpp (llama-cpp-python) for a GGUF, with or without a LoRA adapter: run by train.test.ts.

usage: llama.py MODEL.gguf ADAPTER.gguf|- IDS.json OUT.npy   writes float32 [ids, vocab]
"""
import json
import sys

import numpy as np
from llama_cpp import Llama

model, adapter, ids_file, out = sys.argv[1:]
ids = json.loads(open(ids_file).read())
llama = Llama(
    model, lora_path=None if adapter == "-" else adapter, n_ctx=256, n_batch=256, n_threads=2, logits_all=True, verbose=False
)
llama.eval(ids)
np.save(out, np.asarray(llama.scores[: len(ids)], dtype=np.float32))
