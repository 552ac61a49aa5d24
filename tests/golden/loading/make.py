"""Makes the goldens of tests/unit/lm/loading.test.ts and tests/unit/train/peft.test.ts: one tiny random Llama, read by
transformers under several spellings of its config and names, and with adapters that peft trained in several ways.

config.json, model.safetensors: the base. cases.json: the spellings and adapter configs; logits.safetensors: their logits
(`spelling.<name>`, `adapter.<name>`) and the adapters' tensors (`weights.<name>.<tensor>`); `q6_k`: values of blocks of that type.

Run: python tests/golden/loading/make.py   (torch 2.13 CPU, transformers 5, peft 0.21)
"""
import json
import pathlib
import tempfile

import gguf
import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

HERE = pathlib.Path(__file__).resolve().parent
IDS = [5, 6, 7, 8, 20, 33, 39, 7]
ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
torch.manual_seed(0)
torch.set_num_threads(1)

BASE = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 16, "num_hidden_layers": 3,
    "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8, "intermediate_size": 24, "vocab_size": 40,
    "rms_norm_eps": 1e-5, "max_position_embeddings": 64, "hidden_act": "silu", "tie_word_embeddings": False,
    "rope_theta": 10000.0, "bos_token_id": 1, "eos_token_id": 2,
}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
SPELLINGS = {
    "theta in rope_scaling": {"rope_scaling": {"rope_type": "default", "rope_theta": 50.0}},
    "theta in rope_parameters": {"rope_theta": None, "rope_parameters": {"rope_type": "default", "rope_theta": 50.0}},
    "theta in both": {"rope_theta": 9.0, "rope_scaling": {"rope_type": "linear", "factor": 3.0, "rope_theta": 50.0}},
    "theta beside a scaling without it": {"rope_theta": 50.0, "rope_scaling": {"type": "linear", "factor": 3.0}},
    "rope_scaling and rope_parameters": {
        "rope_scaling": {"rope_type": "linear", "factor": 3.0},
        "rope_parameters": {"rope_type": "default", "rope_theta": 50.0},
    },
    "linear by its older name": {"rope_scaling": {"type": "linear", "factor": 4.0}},
    "llama3 without its original length": {"rope_theta": 50.0, "rope_scaling": LLAMA3},
    "llama3 with its original length": {
        "rope_theta": 50.0, "rope_scaling": {**LLAMA3, "original_max_position_embeddings": 16},
    },
    "rope_scaling null": {"rope_scaling": None},
    "ends outside the vocabulary": {"bos_token_id": -1, "eos_token_id": [2, 40, 99]},
}
LORAS = {
    "one layer": dict(target_modules=["q_proj", "v_proj"], layers_to_transform=[1]),
    "one layer as a number": dict(target_modules=ALL, layers_to_transform=2),
    "layers by their pattern": dict(target_modules=["down_proj"], layers_to_transform=[0, 2], layers_pattern="layers"),
    "excluded modules": dict(target_modules=["q_proj", "o_proj"], exclude_modules=["layers.0.self_attn.q_proj"]),
    "an excluding pattern": dict(target_modules=["q_proj", "up_proj"], exclude_modules=r".*\.layers\.[01]\.mlp\..*"),
    "a pattern that names layers": dict(target_modules=r"model\.layers\.(0|2)\.(self_attn|mlp)\.(?:q_proj|up_proj)"),
    "a pattern over modules": dict(target_modules=r".*?(?:self_attn).*?(?:q_proj|k_proj).*?"),
    "all-linear": dict(target_modules="all-linear"),
    "whole paths": dict(target_modules=["model.layers.1.mlp.gate_proj", "layers.2.self_attn.k_proj"]),
    "one rank by pattern": dict(target_modules=["q_proj", "v_proj"], rank_pattern={"q_proj": 2, r"self_attn\.v_proj": 2}),
    "an alpha for no module": dict(target_modules=["q_proj"], alpha_pattern={"lm_head": 3}),
    "rank-stabilised": dict(target_modules=["q_proj"], use_rslora=True),
    "gaussian": dict(target_modules=["q_proj"], init_lora_weights="gaussian"),
    "orthogonal": dict(target_modules=["q_proj"], init_lora_weights="orthogonal"),
    "mica": dict(target_modules=["q_proj"], init_lora_weights="mica"),
    "false": dict(target_modules=["q_proj"], init_lora_weights=False),
    "rank 1": dict(target_modules=["v_proj", "down_proj"], r=1),
    "rank 64": dict(target_modules=["q_proj"], r=64),
    "ranks by pattern": dict(target_modules=ALL, rank_pattern={"q_proj": 8, r"layers\.1\.self_attn\.v_proj": 1}),
    "alphas by pattern": dict(target_modules=["q_proj", "v_proj", "down_proj"], alpha_pattern={"v_proj": 1, "down_proj": 24}),
    "ranks and alphas by pattern, rank-stabilised": dict(
        target_modules=ALL, use_rslora=True, rank_pattern={"k_proj": 8, "up_proj": 2}, alpha_pattern={"up_proj": 16},
    ),
}


def logits(model):
    with torch.no_grad():
        return model.eval()(torch.tensor([IDS])).logits[0].float().contiguous()


def folder(config, tensors):
    path = pathlib.Path(tempfile.mkdtemp())
    (path / "config.json").write_text(json.dumps(config))
    save_file({k: v.contiguous() for k, v in tensors.items()}, path / "model.safetensors", {"format": "pt"})
    return path


def load(config, tensors):
    return AutoModelForCausalLM.from_pretrained(folder(config, tensors), dtype=torch.float32, attn_implementation="eager")


def main():
    model = LlamaForCausalLM(LlamaConfig(**{k: v for k, v in BASE.items() if k != "architectures"}))
    with torch.no_grad():
        for name, p in sorted(model.named_parameters()):
            noise = torch.randn(p.shape)
            p.copy_(1 + 0.2 * noise if p.dim() == 1 else 1.5 * noise / p.shape[1] ** 0.5)
    base = {k: v.clone() for k, v in model.state_dict().items()}
    (HERE / "config.json").write_text(json.dumps(BASE, indent=1) + "\n")
    save_file(base, HERE / "model.safetensors", {"format": "pt"})
    out = {"plain": logits(load(BASE, base))}
    spellings = {}
    for name, change in SPELLINGS.items():
        config = {k: v for k, v in {**BASE, **change}.items() if v is not None or k in ("rope_scaling",)}
        spellings[name] = config
        out[f"spelling.{name}"] = logits(load(config, base))
    adapters = {}
    for name, settings in LORAS.items():
        config = LoraConfig(**{"r": 4, "lora_alpha": 6, "task_type": "CAUSAL_LM", **settings})
        tuned = get_peft_model(load(BASE, base), config)
        with torch.no_grad():
            for _, p in sorted((n, p) for n, p in tuned.named_parameters() if "lora_" in n):
                p.copy_(torch.randn(p.shape) / p.shape[1] ** 0.5)
        path = pathlib.Path(tempfile.mkdtemp())
        tuned.save_pretrained(path)
        again = PeftModel.from_pretrained(load(BASE, base), path)
        adapters[name] = json.loads((path / "adapter_config.json").read_text())
        adapters[name]["base_model_name_or_path"] = "base"
        out[f"adapter.{name}"] = logits(again)
        for key, tensor in load_file(path / "adapter_model.safetensors").items():
            out[f"weights.{name}.{key}"] = tensor
    # peft changes the base when it loads these: their difference from a plain LoRA is what would be wrong.
    refused = {}
    for name in ["pissa", "pissa_niter_4", "olora"]:
        config = LoraConfig(r=4, lora_alpha=6, task_type="CAUSAL_LM", target_modules=["q_proj"], init_lora_weights=name)
        path = pathlib.Path(tempfile.mkdtemp())
        get_peft_model(load(BASE, base), config).save_pretrained(path)
        refused[name] = json.loads((path / "adapter_config.json").read_text())
    config = LoraConfig(r=4, task_type="CAUSAL_LM", target_modules=["q_proj"], alora_invocation_tokens=[5, 6])
    path = pathlib.Path(tempfile.mkdtemp())
    get_peft_model(load(BASE, base), config).save_pretrained(path)
    refused["alora"] = json.loads((path / "adapter_config.json").read_text())
    for config in refused.values():
        config["base_model_name_or_path"] = "base"
    # Blocks of random bytes, all of which Q6_K can be, with a tame scale; their values by gguf-py.
    blocks = np.random.default_rng(6).integers(0, 256, (6, 210), dtype=np.uint8)
    blocks[:, 208:] = np.array([0.01, -0.002, 1.5, 0.0, 3e-5, 0.25], dtype=np.float16).view(np.uint8).reshape(6, 2)
    out["q6_k"] = torch.from_numpy(gguf.quants.dequantize(blocks, gguf.GGMLQuantizationType.Q6_K))
    cases = {"q6_k": blocks.tobytes().hex(), "ids": IDS, "spellings": spellings, "adapters": adapters, "refused": refused}
    (HERE / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")
    save_file(out, HERE / "logits.safetensors")


main()
