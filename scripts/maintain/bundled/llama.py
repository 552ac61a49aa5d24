"""The bundled models' network: a small Llama in plain PyTorch whose parameter names are Hugging Face's.

Written out rather than taken from transformers because the library's overhead is larger than the arithmetic of a
64-wide model; `evaluate.py --check` compares the two.
"""
import torch
import torch.nn.functional as F
from torch import nn

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 192,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "hidden_act": "silu",
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "max_position_embeddings": 512,
    "tie_word_embeddings": True,
    "attention_bias": False,
    "mlp_bias": False,
    "torch_dtype": "float16",
}


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        d, f, h, k, s = (c[n] for n in ("hidden_size", "intermediate_size", "num_attention_heads", "num_key_value_heads", "head_dim"))
        self.heads, self.kv, self.size, self.eps = h, k, s, c["rms_norm_eps"]
        self.input_layernorm = nn.Parameter(torch.ones(d))
        self.post_attention_layernorm = nn.Parameter(torch.ones(d))
        self.q_proj, self.k_proj, self.v_proj = nn.Linear(d, h * s, bias=False), nn.Linear(d, k * s, bias=False), nn.Linear(d, k * s, bias=False)
        self.o_proj = nn.Linear(h * s, d, bias=False)
        self.gate_proj, self.up_proj, self.down_proj = nn.Linear(d, f, bias=False), nn.Linear(d, f, bias=False), nn.Linear(f, d, bias=False)

    def forward(self, x, cos, sin, mask, cache):
        b, t, _ = x.shape
        y = F.rms_norm(x, (x.shape[-1],), self.input_layernorm, self.eps)
        q = rotate(self.q_proj(y).view(b, t, self.heads, self.size).transpose(1, 2), cos, sin)
        k = rotate(self.k_proj(y).view(b, t, self.kv, self.size).transpose(1, 2), cos, sin)
        v = self.v_proj(y).view(b, t, self.kv, self.size).transpose(1, 2)
        if cache is not None:
            k, v = cache.extend(self, k, v)
        group = self.heads // self.kv
        k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
        x = x + self.o_proj(y.transpose(1, 2).reshape(b, t, -1))
        y = F.rms_norm(x, (x.shape[-1],), self.post_attention_layernorm, self.eps)
        return x + self.down_proj(F.silu(self.gate_proj(y)) * self.up_proj(y))


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


class Cache:
    """Keys and values of all layers; grows by concatenation (replies are short)."""

    def __init__(self):
        self.kept = {}

    def extend(self, layer, k, v):
        if layer in self.kept:
            k, v = torch.cat((self.kept[layer][0], k), 2), torch.cat((self.kept[layer][1], v), 2)
        self.kept[layer] = (k, v)
        return k, v


class Llama(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        d = config["hidden_size"]
        self.embed_tokens = nn.Embedding(config["vocab_size"], d)
        self.layers = nn.ModuleList(Block(config) for _ in range(config["num_hidden_layers"]))
        self.norm = nn.Parameter(torch.ones(d))
        half = config["head_dim"] // 2
        angles = torch.outer(torch.arange(config["max_position_embeddings"]).double(),
                             config["rope_theta"] ** (-torch.arange(half).double() / half))
        self.register_buffer("cos", angles.cos().float(), persistent=False)
        self.register_buffer("sin", angles.sin().float(), persistent=False)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                nn.init.normal_(p, std=0.02 if "embed" in name else p.shape[1] ** -0.5)
                if "o_proj" in name or "down_proj" in name:
                    p.data /= (2 * len(self.layers)) ** 0.5
        nn.init.normal_(self.embed_tokens.weight, std=0.05)

    def hidden(self, ids, positions=None, mask=None, cache=None):
        if positions is None:
            positions = torch.arange(ids.shape[1]).expand_as(ids)
        cos, sin = self.cos[positions].unsqueeze(1), self.sin[positions].unsqueeze(1)
        x = self.embed_tokens(ids)
        for layer in self.layers:
            x = layer(x, cos, sin, mask, cache)
        return F.rms_norm(x, (x.shape[-1],), self.norm, self.config["rms_norm_eps"])

    def logits(self, hidden):
        return hidden @ self.embed_tokens.weight.T

    def loss(self, ids, targets):
        """Mean cross-entropy over targets >= 0; targets[t] is what follows ids[t]."""
        keep = targets >= 0
        return F.cross_entropy(self.logits(self.hidden(ids)[keep]), targets[keep])

    def hf_state(self):
        """Parameters under Hugging Face's names."""
        out = {}
        for name, p in self.state_dict().items():
            name = name.replace("layernorm", "layernorm.weight")
            for linear in ("q_proj", "k_proj", "v_proj", "o_proj"):
                name = name.replace(linear, f"self_attn.{linear}")
            for linear in ("gate_proj", "up_proj", "down_proj"):
                name = name.replace(linear, f"mlp.{linear}")
            out["model." + ("norm.weight" if name == "norm" else name)] = p
        return out

    def load_hf(self, state):
        own = self.hf_state()
        with torch.no_grad():
            for name, p in own.items():
                p.copy_(state[name].float())


@torch.no_grad()
def generate(model, prompts, temperature, max_tokens, eos, generator=None, batch=512):
    """Replies (lists of ids, without eos) to prompts (lists of ids); temperature 0 is greedy. Left-padded batches."""
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    replies = [None] * len(prompts)
    for at in range(0, len(order), batch):
        rows = order[at:at + batch]
        width = max(len(prompts[i]) for i in rows)
        ids = torch.zeros(len(rows), width, dtype=torch.long)
        start = torch.zeros(len(rows), dtype=torch.long)
        for r, i in enumerate(rows):
            start[r] = width - len(prompts[i])
            ids[r, start[r]:] = torch.tensor(prompts[i])
        positions = (torch.arange(width) - start[:, None]).clamp(min=0)
        visible = torch.arange(width)[None, :] >= start[:, None]
        causal = torch.ones(width, width, dtype=torch.bool).tril()
        mask = visible[:, None, None, :] & causal | torch.eye(width, dtype=torch.bool)
        cache = Cache()
        hidden = model.hidden(ids, positions, mask, cache)[:, -1]
        done = torch.zeros(len(rows), dtype=torch.bool)
        out = []
        for step in range(max_tokens):
            logits = model.logits(hidden)
            if temperature == 0:
                token = logits.argmax(-1)
            else:
                token = torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator)[:, 0]
            token = torch.where(done, eos, token)
            out.append(token)
            done |= token == eos
            if done.all() or step == max_tokens - 1:
                break
            visible = torch.cat((visible, torch.ones(len(rows), 1, dtype=torch.bool)), 1)
            hidden = model.hidden(token[:, None], (width + step - start)[:, None], visible[:, None, None, :], cache)[:, -1]
        table = torch.stack(out, 1).tolist()
        for r, i in enumerate(rows):
            replies[i] = table[r][:table[r].index(eos)] if eos in table[r] else table[r]
    return replies
