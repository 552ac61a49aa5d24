"""Makes the goldens of tests/unit/lm: tiny random models of every family with odd sizes, and transformers' logits.

Run with the Python of .cache/venv (torch, transformers, safetensors, gguf):
    .cache/venv/bin/python tests/golden/lm/make.py
"""

import json
import pathlib
import shutil

import gguf
import numpy as np
import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

here = pathlib.Path(__file__).resolve().parent
torch.set_num_threads(1)


def randomise(model, seed, dtype):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in sorted(model.named_parameters()):
            noise = torch.randn(p.shape, generator=generator)
            if "norm" in name:
                p.copy_(1 + 0.2 * noise)
            elif p.dim() == 1:
                p.copy_(0.5 * noise)
            else:
                p.copy_(1.5 * noise / p.shape[1] ** 0.5)
            p.copy_(p.to(dtype).float())


def logits_of(model, ids):
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].contiguous()


def greedy(model, ids, count):
    """The continuation with its log-probabilities, without a cache."""
    ids, logprobs = list(ids), []
    for _ in range(count):
        row = torch.log_softmax(logits_of(model, ids)[-1].double(), -1)
        ids.append(int(row.argmax()))
        logprobs.append(float(row.max()))
    return ids[-count:], logprobs


def save(name, model, seed, dtype, shards=1, tokens=17):
    folder = here / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    model = model.eval()
    randomise(model, seed, dtype)
    config = model.config.to_dict()
    config.pop("_name_or_path", None)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    tensors = {
        k: v.to(dtype).contiguous()
        for k, v in model.state_dict().items()
        if not (k == "lm_head.weight" and model.config.tie_word_embeddings)
    }
    if shards == 1:
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    else:
        names = sorted(tensors)
        weight_map = {}
        for s in range(shards):
            file = f"model-{s + 1:05d}-of-{shards:05d}.safetensors"
            part = {k: tensors[k] for k in names[s::shards]}
            save_file(part, folder / file, {"format": "pt"})
            weight_map.update({k: file for k in part})
        index = {"metadata": {}, "weight_map": weight_map}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index) + "\n")
    golden(folder, model, seed, tokens)


def golden(folder, model, seed, tokens):
    ids = np.random.default_rng(seed).integers(0, model.config.vocab_size, tokens).tolist()
    reply, logprobs = greedy(model, ids, 12)
    save_file({"logits": logits_of(model, ids)}, folder / "golden.safetensors")
    (folder / "golden.json").write_text(
        json.dumps({"ids": ids, "greedy": reply, "logprobs": [round(x, 7) for x in logprobs]}) + "\n"
    )


common = dict(attn_implementation="eager", bos_token_id=1, eos_token_id=2, max_position_embeddings=64)
save(
    "llama-odd",
    LlamaForCausalLM(
        LlamaConfig(
            hidden_size=60, num_hidden_layers=2, num_attention_heads=3, num_key_value_heads=1, head_dim=20,
            intermediate_size=77, vocab_size=67, tie_word_embeddings=False,
            rope_parameters=dict(rope_type="llama3", rope_theta=500.0, factor=8.0, low_freq_factor=1.0,
                                 high_freq_factor=4.0, original_max_position_embeddings=16),
            **common,
        )
    ),
    1, torch.float16,
)
save(
    "llama-tied",
    LlamaForCausalLM(
        LlamaConfig(
            hidden_size=36, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2,
            intermediate_size=45, vocab_size=70, tie_word_embeddings=True,
            rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=2.0), **common,
        )
    ),
    2, torch.bfloat16,
)
save(
    "qwen2",
    Qwen2ForCausalLM(
        Qwen2Config(hidden_size=30, num_hidden_layers=1, num_attention_heads=3, num_key_value_heads=1,
                    intermediate_size=41, vocab_size=67, tie_word_embeddings=True, **common)
    ),
    3, torch.float32,
)
save(
    "qwen3",
    Qwen3ForCausalLM(
        Qwen3Config(hidden_size=26, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=14,
                    intermediate_size=33, vocab_size=59, tie_word_embeddings=False, **common)
    ),
    4, torch.bfloat16, shards=2,
)


def permute(weight, heads):
    """llama.cpp's order of q and k rows (convert_hf_to_gguf.py)."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def save_gguf():
    """A GGUF with every supported type; the golden runs on the dequantised weights."""
    folder = here / "gguf"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    config = LlamaConfig(hidden_size=64, num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=2,
                         intermediate_size=64, vocab_size=72, tie_word_embeddings=False,
                         rope_parameters=dict(rope_type="default", rope_theta=10000.0), **common)
    model = LlamaForCausalLM(config).eval()
    randomise(model, 5, torch.float32)
    state = model.state_dict()
    writer = gguf.GGUFWriter(folder / "model.gguf", "llama")
    writer.add_block_count(1)
    writer.add_context_length(64)
    writer.add_embedding_length(64)
    writer.add_feed_forward_length(64)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10000.0)
    types = gguf.GGMLQuantizationType
    p = "model.layers.0."
    plan = {
        "token_embd.weight": ("model.embed_tokens.weight", types.Q8_0, 0),
        "output.weight": ("lm_head.weight", types.F16, 0),
        "output_norm.weight": ("model.norm.weight", types.F32, 0),
        "blk.0.attn_norm.weight": (p + "input_layernorm.weight", types.F32, 0),
        "blk.0.attn_q.weight": (p + "self_attn.q_proj.weight", types.Q4_0, 4),
        "blk.0.attn_k.weight": (p + "self_attn.k_proj.weight", types.Q4_1, 2),
        "blk.0.attn_v.weight": (p + "self_attn.v_proj.weight", types.Q4_0, 0),
        "blk.0.attn_output.weight": (p + "self_attn.o_proj.weight", types.BF16, 0),
        "blk.0.ffn_norm.weight": (p + "post_attention_layernorm.weight", types.F32, 0),
        "blk.0.ffn_gate.weight": (p + "mlp.gate_proj.weight", types.Q8_0, 0),
        "blk.0.ffn_up.weight": (p + "mlp.up_proj.weight", types.Q4_1, 0),
        "blk.0.ffn_down.weight": (p + "mlp.down_proj.weight", types.F32, 0),
    }
    for target, (name, kind, heads) in plan.items():
        weight = state[name].numpy()
        rows = permute(weight, heads) if heads else weight
        packed = rows if kind == types.F32 else gguf.quants.quantize(rows, kind)
        writer.add_tensor(target, packed, raw_dtype=kind)
        plain = rows if kind == types.F32 else gguf.quants.dequantize(packed, kind)
        if heads:
            n = plain.shape[0] // heads // 2
            plain = plain.reshape(heads, n, 2, -1).swapaxes(1, 2).reshape(plain.shape)
        state[name].copy_(torch.from_numpy(np.ascontiguousarray(plain)).reshape(state[name].shape))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    golden(folder, model, 5, 17)


save_gguf()
