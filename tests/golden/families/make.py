"""Makes the goldens of the families beside Llama, Qwen2 and Qwen3: tiny random models with odd sizes through transformers and peft.

One safetensors file per config (float32, CPU), as tests/golden/train/make.py writes them (base weights, `lora.`, `grad.`, `nll`;
metadata config, lora, documents, loss), and beside: `logits` of the first document through the base, and in the metadata `greedy`,
its continuation with the log-probabilities.

Run: python tests/golden/families/make.py   (torch 2.13 CPU, transformers 5, peft 0.21)
"""
import json
import pathlib

import torch
import transformers as t
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file

here = pathlib.Path(__file__).resolve().parent
torch.set_num_threads(1)

SPLIT = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
FUSED = ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"]
plain = dict(rope_type="default", rope_theta=10000.0)
small = dict(vocab_size=53, hidden_size=30, intermediate_size=37, num_hidden_layers=2, num_attention_heads=3,
             num_key_value_heads=1, max_position_embeddings=64, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2, pad_token_id=0)


def sizes(**changes):
    return {**small, **changes}


# Windows are shorter than the documents, and divisors and caps bite.
MODELS = {
    "mistral": (t.MistralForCausalLM, t.MistralConfig(**sizes(head_dim=10), sliding_window=5, rope_parameters=plain), SPLIT),
    "ministral": (t.MinistralForCausalLM, t.MinistralConfig(
        **sizes(head_dim=10), sliding_window=4, layer_types=["sliding_attention", "full_attention"], rope_parameters=plain), SPLIT),
    "qwen2-window": (t.Qwen2ForCausalLM, t.Qwen2Config(
        **sizes(num_hidden_layers=3), use_sliding_window=True, sliding_window=4, max_window_layers=1, rope_parameters=plain), SPLIT),
    "granite": (t.GraniteForCausalLM, t.GraniteConfig(
        **sizes(), embedding_multiplier=3.0, residual_multiplier=0.22, attention_multiplier=0.11, logits_scaling=1.7,
        tie_word_embeddings=True, rope_parameters=plain), SPLIT),
    "smollm3": (t.SmolLM3ForCausalLM, t.SmolLM3Config(
        **sizes(num_hidden_layers=4), no_rope_layer_interval=2, tie_word_embeddings=True, rope_parameters=plain), SPLIT),
    "olmo2": (t.Olmo2ForCausalLM, t.Olmo2Config(
        **sizes(num_attention_heads=6, num_key_value_heads=2, hidden_size=36), rope_parameters=plain), SPLIT),
    "gemma2": (t.Gemma2ForCausalLM, t.Gemma2Config(
        **sizes(head_dim=14), query_pre_attn_scalar=9, sliding_window=4, attn_logit_softcapping=2.0,
        final_logit_softcapping=3.0, rope_parameters=plain), SPLIT),
    "gemma3": (t.Gemma3ForCausalLM, t.Gemma3TextConfig(
        **sizes(num_hidden_layers=3, head_dim=14), query_pre_attn_scalar=9, sliding_window=4,
        layer_types=["sliding_attention", "sliding_attention", "full_attention"],
        rope_parameters={"full_attention": dict(rope_type="linear", rope_theta=1000000.0, factor=2.0),
                         "sliding_attention": dict(rope_type="default", rope_theta=1000.0)}), SPLIT),
    "phi3": (t.Phi3ForCausalLM, t.Phi3Config(
        **sizes(hidden_size=48, num_attention_heads=3), sliding_window=6, original_max_position_embeddings=32,
        rope_parameters=dict(rope_type="longrope", rope_theta=10000.0, partial_rotary_factor=0.75, short_factor=[1.0, 1.1, 1.3, 1.7, 2.0, 2.5],
                             long_factor=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])), FUSED),
    "phi3-short": (t.Phi3ForCausalLM, t.Phi3Config(**sizes(), original_max_position_embeddings=64, rope_parameters=plain), FUSED),
    "llama-biases": (t.LlamaForCausalLM, t.LlamaConfig(
        **sizes(head_dim=10), attention_bias=True, mlp_bias=True, hidden_act="gelu_pytorch_tanh", rope_parameters=plain), SPLIT),
    "yarn": (t.Qwen3ForCausalLM, t.Qwen3Config(
        **sizes(head_dim=12), rope_parameters=dict(rope_type="yarn", rope_theta=10000.0, factor=4.0,
                                                   original_max_position_embeddings=16)), SPLIT),
    "dynamic": (t.LlamaForCausalLM, t.LlamaConfig(
        **sizes(head_dim=10), rope_parameters=dict(rope_type="dynamic", rope_theta=10000.0, factor=2.0)), SPLIT),
}


def documents(vocab, count, generator):
    made = []
    for index in range(count):
        n = 7 + (index * 4) % 11
        ids = torch.randint(3, vocab, (n,), generator=generator).tolist()
        made.append({"ids": ids, "responseStart": 1 + (index * 3) % (n - 2)})
    return made


def nll_of(model, document):
    """Per target token, in order."""
    ids = torch.tensor([document["ids"]])
    logits = model(ids).logits[0]
    start = document["responseStart"]
    return torch.nn.functional.cross_entropy(logits[start - 1:-1], ids[0, start:], reduction="none")


def greedy(model, ids, count):
    """The continuation with its log-probabilities, without a cache."""
    ids, logprobs = list(ids), []
    for _ in range(count):
        row = torch.log_softmax(model(torch.tensor([ids])).logits[0, -1].double(), -1)
        ids.append(int(row.argmax()))
        logprobs.append(round(float(row.max()), 7))
    return {"ids": ids[-count:], "logprobs": logprobs}


def randomise(model, generator):
    """Norms around what multiplies by 1."""
    shifted = model.config.model_type.startswith("gemma")
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=generator)
            if "norm" in name:
                p.copy_((0 if shifted else 1) + 0.3 * noise)
            elif name.endswith("bias"):
                p.copy_(0.3 * noise)
            else:
                p.copy_(noise / p.shape[-1] ** 0.5)


def main():
    for seed, (name, (kind, config, targets)) in enumerate(MODELS.items()):
        torch.manual_seed(300 + seed)
        generator = torch.Generator().manual_seed(400 + seed)
        config._attn_implementation = "eager"
        base = kind(config).float().eval()
        randomise(base, generator)
        weights = {key: p.detach().clone() for key, p in base.named_parameters()}
        docs = documents(config.vocab_size, 4, generator)
        with torch.no_grad():
            logits = base(torch.tensor([docs[0]["ids"]])).logits[0].clone()
            reply = greedy(base, docs[0]["ids"], 12)
        lora = dict(r=3, lora_alpha=7, target_modules=targets)
        model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.0, bias="none", **lora)).eval()
        params = {key.replace(".default", ""): p for key, p in model.named_parameters() if "lora_" in key}
        with torch.no_grad():
            for key, p in params.items():
                scale = 0.2 if "lora_B" in key else 1 / p.shape[-1] ** 0.5
                p.copy_(scale * torch.randn(p.shape, generator=generator))
        nll = torch.cat([nll_of(model, d) for d in docs])
        nll.mean().backward()
        tensors = {**weights, "logits": logits, "nll": nll.detach().clone()}
        tensors.update({"lora." + key: p.detach().clone().contiguous() for key, p in params.items()})
        tensors.update({"grad." + key: p.grad.clone().contiguous() for key, p in params.items()})
        saved = json.loads(config.to_json_string(use_diff=False))
        saved["architectures"] = [kind.__name__]
        metadata = dict(
            config=json.dumps(saved), documents=json.dumps(docs), loss=repr(float(nll.mean())), greedy=json.dumps(reply),
            lora=json.dumps(dict(rank=3, alpha=7, rslora=False, dropout=0, targets=targets)))
        path = here / f"{name}.safetensors"
        save_file(tensors, path, metadata)
        print(name, path.stat().st_size, float(nll.mean()))


main()
