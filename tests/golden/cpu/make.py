"""Writes adamw.json: three steps of torch.optim.AdamW in float64 with clipping, and the cross-entropy gradient.

Run: .cache/venv/bin/python tests/golden/cpu/make.py (torch 2.13.0)
"""
import json
import pathlib

import torch

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(7)
param = torch.randn(5, generator=generator)
grads = [torch.randn(5, generator=generator) * scale for scale in (0.1, 3.0, 1.0)]
settings = {'lr': 0.02, 'betas': [0.9, 0.98], 'eps': 1e-8, 'weightDecay': 0.1, 'maxNorm': 1.0}

p = torch.nn.Parameter(param.clone())
optimiser = torch.optim.AdamW([p], lr=0.02, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.1)
params = []
for grad in grads:
    p.grad = grad.clone()
    torch.nn.utils.clip_grad_norm_([p], 1.0)
    optimiser.step()
    params.append(p.detach().tolist())

logits = torch.randn(3, 6, generator=generator) * 2
targets = [4, 0, 5]
weights = [0.5, 0.0, 2.0]
leaf = logits.clone().requires_grad_()
nll = torch.nn.functional.cross_entropy(leaf / 0.7, torch.tensor(targets), reduction='none')
(nll * torch.tensor(weights)).sum().backward()

out = {
    'torch': torch.__version__,
    'adamw': {
        'settings': settings,
        'param': param.tolist(),
        'grads': [g.tolist() for g in grads],
        'params': params,
        'm': optimiser.state[p]['exp_avg'].tolist(),
        'v': optimiser.state[p]['exp_avg_sq'].tolist(),
    },
    'crossEntropy': {
        'temperature': 0.7,
        'logits': logits.flatten().tolist(),
        'targets': targets,
        'rowWeights': weights,
        'nll': nll.tolist(),
        'gradient': leaf.grad.flatten().tolist(),
    },
}
path = pathlib.Path(__file__).with_name('adamw.json')
path.write_text(json.dumps(out, indent=1) + '\n')
