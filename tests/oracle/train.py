"""What PyTorch + transformers + peft make of a training on SmolLM2: run by train.test.ts.

usage: train.py FOLDER   with FOLDER holding rows.jsonl, start/ and end/ (PEFT folders), settings.json
writes FOLDER/torch.safetensors (gradients under peft's names, `logits` of the first row under end/) and
FOLDER/torch.json: {"loss", "ids", "losses"}.
"""
import json
import pathlib
import sys

import torch
from peft import PeftModel
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

folder = pathlib.Path(sys.argv[1])
base_folder = pathlib.Path(__file__).resolve().parents[2] / ".cache/smollm2-hf"
settings = json.loads((folder / "settings.json").read_text())
rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
tokenizer = AutoTokenizer.from_pretrained(base_folder)


def load(adapter, trainable):
    base = AutoModelForCausalLM.from_pretrained(base_folder, dtype=torch.float32, attn_implementation="eager")
    return PeftModel.from_pretrained(base, folder / adapter, is_trainable=trainable).eval()


def document(row):
    prompt = tokenizer.apply_chat_template(row["messages"][:-1], tokenize=False, add_generation_prompt=True)
    whole = tokenizer.apply_chat_template(row["messages"], tokenize=False)
    whole = whole[: whole.rindex("<|im_end|>") + len("<|im_end|>")]
    ids = tokenizer(whole, add_special_tokens=False).input_ids
    return ids, len(tokenizer(prompt, add_special_tokens=False).input_ids)


documents = [document(row) for row in rows]


def nll(model, chosen):
    parts = []
    for ids, start in chosen:
        tensor = torch.tensor([ids])
        logits = model(tensor).logits[0, start - 1:-1]
        parts.append(torch.nn.functional.cross_entropy(logits, tensor[0, start:], reduction="none"))
    return torch.cat(parts)


model = load("start", True)
parameters = {name.replace(".default", ""): p for name, p in model.named_parameters() if "lora_" in name}
loss = nll(model, documents).mean()
loss.backward()
tensors = {name: p.grad.clone().contiguous() for name, p in parameters.items()}
optimiser = torch.optim.AdamW(parameters.values(), lr=settings["lr"], weight_decay=0.0)
losses = []
for step in range(settings["steps"]):
    size = settings["batch"]
    chosen = [documents[(step * size + i) % len(documents)] for i in range(size)]
    optimiser.zero_grad()
    step_loss = nll(model, chosen).mean()
    step_loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters.values(), 1.0)
    optimiser.step()
    losses.append(step_loss.item())
del model
with torch.no_grad():
    tensors["logits"] = load("end", False)(torch.tensor([documents[0][0]])).logits[0].contiguous()
save_file(tensors, folder / "torch.safetensors")
(folder / "torch.json").write_text(json.dumps({"loss": loss.item(), "ids": documents[0][0], "losses": losses}))
