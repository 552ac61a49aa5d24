"""Makes weighted.json: loss and LoRA gradients of the tiny Qwen3 of make.py where documents have weights, by torch autograd:
sum over documents of weight * (sum of its targets' nll) / sum over documents of weight * (number of its targets).

Run after make.py: python tests/golden/train/weighted.py   (torch 2.13 CPU, transformers 5, peft 0.21)
"""
import json
import os

import torch
from peft import LoraConfig, get_peft_model
from safetensors import safe_open
from transformers import Qwen3Config, Qwen3ForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = {"qwen3": (Qwen3ForCausalLM, Qwen3Config)}
WEIGHTS = [1, 1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 3]


def nll_of(model, document):
    ids = torch.tensor([document["ids"]])
    start = document["responseStart"]
    return torch.nn.functional.cross_entropy(model(ids).logits[0][start - 1:-1], ids[0, start:], reduction="none")


def main():
    made = {"weights": WEIGHTS, "families": {}}
    for family, (kind, config_kind) in KINDS.items():
        with safe_open(os.path.join(HERE, f"{family}.safetensors"), "pt") as file:
            metadata = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        lora = json.loads(metadata["lora"])
        config = config_kind(**json.loads(metadata["config"]))
        config._attn_implementation = "eager"
        base = kind(config).float().eval()
        base.load_state_dict({k: v for k, v in tensors.items() if k in dict(base.named_parameters())}, strict=False)
        model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.0, bias="none", r=lora["rank"],
                                                lora_alpha=lora["alpha"], use_rslora=lora["rslora"],
                                                target_modules=lora["targets"]))
        model.eval()
        params = {name.replace(".default", ""): p for name, p in model.named_parameters() if "lora_" in name}
        with torch.no_grad():
            for name, p in params.items():
                p.copy_(tensors["lora." + name])
        documents = json.loads(metadata["documents"])
        plain = torch.cat([nll_of(model, d) for d in documents])
        assert torch.allclose(plain, tensors["nll"], atol=1e-5), family
        parts = [w * nll_of(model, d).sum() for w, d in zip(WEIGHTS, documents)]
        total = sum(w * (len(d["ids"]) - d["responseStart"]) for w, d in zip(WEIGHTS, documents))
        loss = sum(parts) / total
        loss.backward()
        made["families"][family] = {
            "loss": float(loss.detach()),
            "gradients": {name: p.grad.flatten().tolist() for name, p in params.items()},
        }
    path = os.path.join(HERE, "weighted.json")
    with open(path, "w") as file:
        json.dump(made, file, separators=(",", ":"))
    print(os.path.getsize(path))


main()
