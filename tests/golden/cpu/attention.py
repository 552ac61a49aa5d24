"""Writes attention.json: attention over packed documents with a scale, a soft-cap of scores and a sliding window, in float64
with autograd's gradients. The values are held against transformers' own Gemma 2 attention in float32.

Run: .cache/venv/bin/python tests/golden/cpu/attention.py (torch 2.13.0, transformers 5)
"""
import json
import pathlib
import types

import torch
from transformers.masking_utils import sliding_window_overlay
from transformers.models.gemma2.modeling_gemma2 import eager_attention_forward

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(11)
heads, kv_heads, dim = 4, 2, 4
documents = [3, 7, 1]
rows = sum(documents)
qkv = torch.randn(rows, (heads + 2 * kv_heads) * dim, generator=generator)
dout = torch.randn(rows, heads * dim, generator=generator)
forms = [
    {'scale': 0.3},
    {'softCap': 2.0},
    {'softCap': 50.0, 'window': 1},
    {'window': 3},
    {'scale': 1.1, 'softCap': 1.5, 'window': 5},
    {'window': 7},
]

document = torch.tensor([i for i, length in enumerate(documents) for _ in range(length)])
starts = [sum(documents[:i]) for i in range(len(documents))]


def mask_of(form):
    row, key = torch.arange(rows)[:, None], torch.arange(rows)[None, :]
    seen = (document[:, None] == document[None, :]) & (key <= row)
    window = form.get('window')
    return seen if window is None else seen & sliding_window_overlay(window)(0, 0, row, key)


def parts(x):
    q, k, v = x.split([heads * dim, kv_heads * dim, kv_heads * dim], 1)
    return [part.view(rows, -1, dim).transpose(0, 1) for part in (q, k, v)]


cases = []
for form in forms:
    leaf = qkv.clone().requires_grad_()
    q, k, v = parts(leaf)
    k, v = (part.repeat_interleave(heads // kv_heads, 0) for part in (k, v))
    scale, cap, seen = form.get('scale', dim ** -0.5), form.get('softCap'), mask_of(form)
    scores = q @ k.transpose(1, 2) * scale
    if cap is not None:
        scores = cap * torch.tanh(scores / cap)
    scores = scores.masked_fill(~seen, -torch.inf)
    out = (torch.softmax(scores, -1) @ v).transpose(0, 1).reshape(rows, -1)
    (out * dout).sum().backward()
    q, k, v = (part[None].float() for part in parts(qkv))
    module = types.SimpleNamespace(num_key_value_groups=heads // kv_heads, training=False)
    bias = torch.zeros(rows, rows, dtype=torch.float32).masked_fill(~seen, -1e30)[None, None]
    gemma, _ = eager_attention_forward(module, q, k, v, bias, scaling=scale, softcap=cap)
    assert torch.allclose(gemma[0].reshape(rows, -1).double(), out, atol=1e-6), form
    cases.append({
        'form': form,
        'out': out.flatten().tolist(),
        'lse': torch.logsumexp(scores, -1).T.flatten().tolist(),
        'gradient': leaf.grad.flatten().tolist(),
    })

golden = {
    'heads': {'heads': heads, 'kvHeads': kv_heads, 'headDim': dim},
    'documents': [[starts[d], starts[d] + documents[d]] for d in document.tolist()],
    'qkv': qkv.flatten().tolist(),
    'dout': dout.flatten().tolist(),
    'cases': cases,
}
here = pathlib.Path(__file__).parent
(here / 'attention.json').write_text(json.dumps(golden) + '\n')
