"""Makes the training goldens: tiny random models of the three families through transformers + peft + torch.optim.AdamW.

One safetensors file per family (float32, CPU): base weights under their own names, `lora.` + peft name = the adapter,
`grad.` + peft name = d(mean loss over all target tokens of all documents)/d parameter, `nll` = per target token.
Metadata: config (JSON), lora (JSON), documents (JSON: ids and where the response starts), loss.
The llama file also has a 20-step run: metadata `run` (settings, losses, gradient norms), tensors `start.` and `end.`.

Run: python tests/golden/train/make.py   (torch 2.13 CPU, transformers 5, peft 0.21)
"""
import json
import os

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

MODELS = {
    "llama": (
        LlamaForCausalLM,
        LlamaConfig(vocab_size=53, hidden_size=30, intermediate_size=37, num_hidden_layers=3, num_attention_heads=3,
                    num_key_value_heads=1, head_dim=10, max_position_embeddings=64, rms_norm_eps=1e-5,
                    tie_word_embeddings=True, rope_parameters={"rope_type": "default", "rope_theta": 10000.0}),
        dict(r=3, lora_alpha=7, target_modules=ALL),
    ),
    "qwen2": (
        Qwen2ForCausalLM,
        Qwen2Config(vocab_size=61, hidden_size=24, intermediate_size=41, num_hidden_layers=2, num_attention_heads=4,
                    num_key_value_heads=2, max_position_embeddings=64, rms_norm_eps=1e-6,
                    tie_word_embeddings=True, rope_parameters={"rope_type": "default", "rope_theta": 1000000.0}),
        dict(r=4, lora_alpha=8, target_modules=ALL),
    ),
    "qwen3": (
        Qwen3ForCausalLM,
        Qwen3Config(vocab_size=47, hidden_size=26, intermediate_size=35, num_hidden_layers=2, num_attention_heads=4,
                    num_key_value_heads=2, head_dim=8, max_position_embeddings=64, rms_norm_eps=1e-6,
                    tie_word_embeddings=False, rope_parameters={"rope_type": "default", "rope_theta": 1000000.0}),
        dict(r=2, lora_alpha=4, target_modules=ALL, use_rslora=True),
    ),
}


def documents(vocab, count, generator):
    made = []
    for index in range(count):
        n = 5 + (index * 4) % 11
        ids = torch.randint(0, vocab, (n,), generator=generator).tolist()
        made.append({"ids": ids, "responseStart": 1 + (index * 3) % (n - 2)})
    return made


def nll_of(model, document):
    """Per target token, in order."""
    ids = torch.tensor([document["ids"]])
    logits = model(ids).logits[0]
    start = document["responseStart"]
    return torch.nn.functional.cross_entropy(logits[start - 1:-1], ids[0, start:], reduction="none")


def lora_parameters(model):
    return {name.replace(".default", ""): p for name, p in model.named_parameters() if "lora_" in name}


def clone(parameters, prefix):
    return {prefix + name: p.detach().clone().contiguous() for name, p in parameters.items()}


def run_steps(model, docs):
    settings = dict(lr=0.02, betas=[0.9, 0.98], weightDecay=0.01, maxGradNorm=0.5, warmup=3, steps=20, batch=2, gradAccum=2)
    params = lora_parameters(model)
    optimiser = torch.optim.AdamW(params.values(), lr=settings["lr"], betas=tuple(settings["betas"]), eps=1e-8,
                                  weight_decay=settings["weightDecay"])
    losses, norms = [], []
    for step in range(settings["steps"]):
        # transformers' linear schedule with warm-up
        factor = step / settings["warmup"] if step < settings["warmup"] else max(
            0.0, (settings["steps"] - step) / (settings["steps"] - settings["warmup"]))
        for group in optimiser.param_groups:
            group["lr"] = settings["lr"] * factor
        size = settings["batch"] * settings["gradAccum"]
        chosen = [docs[(step * size + i) % len(docs)] for i in range(size)]
        optimiser.zero_grad()
        loss = torch.cat([nll_of(model, d) for d in chosen]).mean()
        loss.backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(params.values(), settings["maxGradNorm"])))
        optimiser.step()
        losses.append(float(loss))
    return {**settings, "losses": losses, "gradNorms": norms}


def main():
    for seed, (family, (kind, config, lora)) in enumerate(MODELS.items()):
        torch.manual_seed(100 + seed)
        generator = torch.Generator().manual_seed(200 + seed)
        config._attn_implementation = "eager"
        base = kind(config).float().eval()
        with torch.no_grad():
            for name, parameter in base.named_parameters():
                if "norm" in name:
                    parameter.copy_(1 + 0.3 * torch.randn(parameter.shape, generator=generator))
                elif name.endswith("bias"):
                    parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
                else:
                    parameter.copy_(torch.randn(parameter.shape, generator=generator) / parameter.shape[-1] ** 0.5)
        weights = {name: p.detach().clone() for name, p in base.named_parameters()}
        model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.0, bias="none", **lora))
        model.eval()
        docs = documents(config.vocab_size, 6, generator)
        tensors = dict(weights)
        metadata = {}
        params = lora_parameters(model)
        if family == "llama":
            tensors.update(clone(params, "start."))
            metadata["run"] = json.dumps(run_steps(model, docs))
            tensors.update(clone(params, "end."))
        with torch.no_grad():
            for name, p in params.items():
                scale = 0.2 if "lora_B" in name else 1 / p.shape[-1] ** 0.5
                p.copy_(scale * torch.randn(p.shape, generator=generator))
        tensors.update(clone(params, "lora."))
        model.zero_grad()
        nll = torch.cat([nll_of(model, d) for d in docs])
        nll.mean().backward()
        tensors.update({"grad." + name: p.grad.clone().contiguous() for name, p in params.items()})
        tensors["nll"] = nll.detach().clone()
        saved = json.loads(config.to_json_string(use_diff=False))
        saved["architectures"] = [kind.__name__]
        metadata.update(config=json.dumps(saved), documents=json.dumps(docs), loss=repr(float(nll.mean())), lora=json.dumps(
            dict(rank=lora["r"], alpha=lora["lora_alpha"], rslora=lora.get("use_rslora", False), dropout=0, targets=ALL)))
        path = os.path.join(HERE, f"{family}.safetensors")
        save_file(tensors, path, metadata)
        print(family, os.path.getsize(path), float(nll.mean()))


main()
