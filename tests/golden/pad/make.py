"""Makes the goldens of process-aware distillation from PyTorch, TRL and NumPy, on the tiny Llama of ../train.

reward.safetensors  head [2, hidden], and for hard labels with class weights, soft labels, and with the contrastive term:
                    loss and d loss / d head and d LoRA parameter, by autograd. Metadata: documents, places, labels, agents.
policy.safetensors  TRL's GRPOTrainer and RLOOTrainer on fixed completions with fixed rewards: advantages; log-probabilities
                    of policy and base; GRPO's loss with clipped ratios and the k3 term, and its LoRA gradients ("dapo", "grpo").
credit.json         leave-one-out token returns and their whitening, z-scores: plain NumPy, loops written from docs/method.md.

Run: python tests/golden/pad/make.py   (torch 2.13 CPU, transformers 5, peft 0.21, trl 1.16)
"""
import json
import os
import tempfile

import numpy as np
import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model
from safetensors import safe_open
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

HERE = os.path.dirname(os.path.abspath(__file__))


def golden():
    with safe_open(os.path.join(HERE, "../train/llama.safetensors"), "pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()


TENSORS, METADATA = golden()
LORA = json.loads(METADATA["lora"])


def base_model():
    config = LlamaConfig(**json.loads(METADATA["config"]))
    config._attn_implementation = "eager"
    model = LlamaForCausalLM(config).float()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(TENSORS[name])
    return model


def lora_config():
    return LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.0, bias="none", r=LORA["rank"], lora_alpha=LORA["alpha"],
                      target_modules=LORA["targets"])


def lora_parameters(model):
    return {name.replace(".default", ""): p for name, p in model.named_parameters() if "lora_" in name}


def load_lora(model):
    with torch.no_grad():
        for name, parameter in lora_parameters(model).items():
            parameter.copy_(TENSORS["lora." + name])


def gradients(model, prefix):
    return {prefix + name: p.grad.detach().clone().contiguous() for name, p in lora_parameters(model).items()}


def contrastive(final, labels, agents, temperature):
    """Written out anchor by anchor: positives are the other good steps, negatives the bad steps of other agents."""
    unit = F.normalize(final, dim=-1)
    terms = []
    for i in range(len(labels)):
        if labels[i] < 0.5:
            continue
        positives = [j for j in range(len(labels)) if j != i and labels[j] >= 0.5]
        negatives = [j for j in range(len(labels)) if labels[j] < 0.5 and agents[j] != agents[i]]
        if not positives or not negatives:
            continue
        logits = unit[positives + negatives] @ unit[i] / temperature
        terms.append(-F.log_softmax(logits, dim=0)[:len(positives)].mean())
    return torch.stack(terms).mean()


def make_reward():
    generator = torch.Generator().manual_seed(5)
    model = get_peft_model(base_model(), lora_config()).eval()
    load_lora(model)
    head = torch.nn.Parameter(0.3 * torch.randn(2, model.config.hidden_size, generator=generator))
    documents = []
    for index in range(4):
        n = 7 + 3 * index
        ids = torch.randint(0, model.config.vocab_size, (n,), generator=generator).tolist()
        documents.append({"ids": ids, "places": list(range(2 + index % 2, n, 3)), "agent": f"agent-{index % 3}"})
    count = sum(len(d["places"]) for d in documents)
    hard = (torch.rand(count, generator=generator) < 0.6).long()
    soft = torch.rand(count, generator=generator)
    agents = [d["agent"] for d in documents for _ in d["places"]]
    weights = torch.tensor([count / (2 * int((hard == 0).sum())), count / (2 * int((hard == 1).sum()))])

    def finals():
        rows = []
        for d in documents:
            # The last hidden state of transformers is after the final norm.
            states = model.model.model(input_ids=torch.tensor([d["ids"]])).last_hidden_state[0]
            rows.append(states[d["places"]])
        return torch.cat(rows)

    losses = {
        "hard": lambda final: F.cross_entropy(final @ head.T, hard, weight=weights),
        "soft": lambda final: F.cross_entropy(final @ head.T, torch.stack([1 - soft, soft], dim=1)),
        "both": lambda final: F.cross_entropy(final @ head.T, hard, weight=weights)
        + 0.5 * contrastive(final, hard.tolist(), agents, 0.1),
    }
    tensors = {"head": head.detach().clone(), "final": finals().detach().clone().contiguous()}
    values = {}
    for name, loss_of in losses.items():
        model.zero_grad()
        head.grad = None
        loss = loss_of(finals())
        loss.backward()
        values[name] = float(loss.detach())
        tensors[f"{name}.head"] = head.grad.clone()
        tensors.update(gradients(model, f"{name}.lora."))
    metadata = dict(documents=documents, hard=hard.tolist(), soft=soft.tolist(), agents=agents, weights=weights.tolist(),
                    losses=values)
    save_file(tensors, os.path.join(HERE, "reward.safetensors"), {"golden": json.dumps(metadata)})
    print("reward", values)


PROMPTS = [[5, 9, 31, 2], [17, 8, 40, 22, 11, 6, 3]]
REWARDS = [1.0, -0.4, 0.25, 0.0, 1.7, 0.3, 0.9, -1.2]
SAMPLES = 4
TEMPERATURE = 0.8
BETA = 0.04


def completions(generator):
    return [torch.randint(4, 53, (3 + (index * 5) % 7,), generator=generator).tolist() for index in range(len(REWARDS))]


def tokenizer():
    vocab = {"<pad>": 0, "<eos>": 1, **{f"w{i}": i for i in range(2, 53)}}
    words = Tokenizer(models.WordLevel(vocab, unk_token="<pad>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=words, unk_token="<pad>", eos_token="<eos>",
                                   pad_token="<pad>")


def trainer_of(kind, config_kind, fixed, **settings):
    from datasets import Dataset
    from datasets.table import InMemoryTable

    class Fixed(kind):
        def _generate_single_turn(self, *args, **kwargs):
            ids = [list(ids) for ids in fixed]
            return (ids, None) if kind.__name__ == "GRPOTrainer" else ids

    texts = [" ".join(f"w{i}" for i in PROMPTS[n // SAMPLES]) for n in range(len(REWARDS))]
    config = config_kind(output_dir=tempfile.mkdtemp(), use_cpu=True, bf16=False, report_to="none", temperature=TEMPERATURE,
                         per_device_train_batch_size=len(REWARDS), num_generations=SAMPLES, num_iterations=2,
                         max_completion_length=16, beta=BETA, gradient_checkpointing=False, **settings)
    trainer = Fixed(model=base_model(), reward_funcs=lambda prompts, **_: REWARDS, args=config,
                    train_dataset=Dataset(InMemoryTable.from_pydict({"prompt": texts}), fingerprint="golden"), processing_class=tokenizer(),
                    peft_config=lora_config())
    load_lora(trainer.model)
    trainer.model.train()
    inputs = trainer._generate_and_score_completions([{"prompt": text} for text in texts])
    prompts = [row[keep.bool()].tolist() for row, keep in zip(inputs["prompt_ids"], inputs["prompt_mask"])]
    assert prompts == [PROMPTS[n // SAMPLES] for n in range(len(REWARDS))], prompts
    return trainer, inputs


def flat(values, mask):
    return torch.cat([row[keep.bool()] for row, keep in zip(values, mask)]).detach().clone().float().contiguous()


def make_policy():
    from trl import GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer

    generator = torch.Generator().manual_seed(6)
    fixed = completions(generator)
    tensors, losses, metrics = {}, {}, {}
    for loss_type in ["dapo", "grpo"]:
        trainer, inputs = trainer_of(GRPOTrainer, GRPOConfig, fixed, loss_type=loss_type, epsilon=0.2,
                                     scale_rewards="group", use_bias_correction_kl=False)
        mask = inputs["completion_mask"]
        policy = inputs["old_per_token_logps"].clone()
        # The rollout's policy was another one: ratios on both sides of the clip.
        noise = 0.35 * torch.randn(policy.shape, generator=torch.Generator().manual_seed(7))
        inputs["old_per_token_logps"] = policy + noise
        tensors.update({"advantages": inputs["advantages"].clone(), "policy": flat(policy, mask),
                        "old": flat(policy + noise, mask), "reference": flat(inputs["ref_per_token_logps"], mask)})
        trainer.model.zero_grad()
        trainer.current_gradient_accumulation_steps = 1
        loss = trainer._compute_loss(trainer.model, inputs)
        loss.backward()
        losses[loss_type] = float(loss.detach())
        tensors.update(gradients(trainer.model, f"{loss_type}.lora."))
        metrics = {name: trainer._metrics["train"][name][-1] for name in
                   ["kl", "clip_ratio/low_mean", "clip_ratio/high_mean", "clip_ratio/region_mean", "reward", "reward_std",
                    "frac_reward_zero_std"]}
    trainer, inputs = trainer_of(RLOOTrainer, RLOOConfig, fixed, normalize_advantages=False)
    tensors["leave-one-out"] = inputs["advantages"].clone()
    metadata = dict(prompts=PROMPTS, completions=fixed, rewards=REWARDS, samples=SAMPLES, temperature=TEMPERATURE, beta=BETA,
                    losses=losses, metrics=metrics)
    save_file({name: t.contiguous() for name, t in tensors.items()}, os.path.join(HERE, "policy.safetensors"),
              {"golden": json.dumps(metadata)})
    print("policy", losses, metrics)


def make_credit():
    rng = np.random.default_rng(8)
    groups = []
    for _ in range(3):
        group = []
        for _ in range(4):
            lengths = rng.integers(1, 6, size=rng.integers(0, 5))
            ends = np.cumsum(lengths) - 1
            steps = [dict(reward=float(rng.uniform(-1, 1)), token=int(end), tokens=int(n)) for end, n in zip(ends, lengths)]
            tokens = int(lengths.sum()) + int(rng.integers(1, 3))
            group.append(dict(tokens=tokens, steps=steps, verdict=int(rng.random() < 0.5)))
        groups.append(group)
    weighted, returns, scores = [], [], []
    for group in groups:
        credit = []
        for sample in group:
            r = np.array([step["reward"] for step in sample["steps"]])
            w = np.exp(-r / 0.1) / np.exp(-r / 0.1).sum() if len(r) else r
            credit.append(w * r)
        weighted.append([c.tolist() for c in credit])
        for i, sample in enumerate(group):
            others = [k for k in range(len(group)) if k != i]
            per_token = sum(credit[k].sum() for k in others) / sum(group[k]["tokens"] for k in others)
            v = sample["verdict"] - np.mean([group[k]["verdict"] for k in others])
            own = []
            for t in range(sample["tokens"]):
                total = v
                for step, c in zip(sample["steps"], credit[i]):
                    if step["token"] >= t:
                        total += c - per_token * step["tokens"]
                own.append(float(total))
            returns.append(own)
        x = np.array([c.sum() + s["verdict"] for c, s in zip(credit, group)])
        scores.append(((x - x.mean()) / (x.std(ddof=1) + 1e-4)).tolist())
    every = np.concatenate(returns)
    white = (every - every.mean()) / np.sqrt(every.var() + 1e-8)
    result = dict(groups=groups, weighted=weighted, returns=returns, whitened=white.tolist(), scores=scores)
    with open(os.path.join(HERE, "credit.json"), "w") as file:
        json.dump(result, file)
    print("credit", len(every))


make_reward()
make_credit()
make_policy()
