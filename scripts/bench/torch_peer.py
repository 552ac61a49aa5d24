"""PyTorch's rows of the benchmark, on one core: the LoRA step and the decoding loop of the bundled size and of SmolLM2.

Prints a JSON list of rows. The step is peft's LoRA (r 8, all linears) with torch.optim.AdamW, as the other contenders' is.
"""
import argparse
import json
import os
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
SMOLLM2 = os.path.join(os.path.dirname(__file__), "../../.cache/smollm2-hf")


def bundled():
    torch.manual_seed(0)
    return LlamaForCausalLM(LlamaConfig(
        hidden_size=64, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, intermediate_size=192,
        vocab_size=72, rms_norm_eps=1e-5, tie_word_embeddings=True, max_position_embeddings=512))


def smollm2():
    return AutoModelForCausalLM.from_pretrained(SMOLLM2, dtype=torch.float32)


def measure(run, rounds):
    run()
    run()
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return sorted(seconds)


def row(work, unit, better, values):
    values = sorted(values)
    return {"work": work, "contender": "pytorch", "unit": unit, "better": better,
            "min": values[0], "median": values[len(values) // 2], "max": values[-1]}


def lora_step(model, batch, length, rounds):
    config = LoraConfig(r=8, lora_alpha=16, target_modules=LINEARS, task_type="CAUSAL_LM")
    model = get_peft_model(model, config)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0)
    ids = torch.randint(0, model.config.vocab_size, (batch, length))

    def step():
        optimiser.zero_grad()
        model(input_ids=ids, labels=ids).loss.backward()
        optimiser.step()

    return measure(step, rounds)


def decode(model, sequences, tokens, rounds):
    model.eval()
    prompt = torch.randint(3, model.config.vocab_size, (sequences, 16))

    @torch.no_grad()
    def run():
        out = model(input_ids=prompt, use_cache=True)
        for _ in range(tokens):
            ids = out.logits[:, -1].argmax(-1, keepdim=True)
            out = model(input_ids=ids, past_key_values=out.past_key_values, use_cache=True)

    return [sequences * tokens / s for s in measure(run, rounds)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    torch.set_num_threads(1)
    only = [part for part in options.only.split(",") if part]
    wanted = lambda work: not only or any(part in work for part in only)
    rows = []
    if wanted("lora-step-bundled"):
        seconds = lora_step(bundled(), 32, 80, options.rounds)
        rows.append(row("lora-step-bundled", "ms", "lower", [1000 * s for s in seconds]))
    for sequences in (1, 8, 64):
        if wanted(f"decode-bundled-{sequences}"):
            rows.append(row(f"decode-bundled-{sequences}", "tokens/s", "higher",
                            decode(bundled(), sequences, 24, options.rounds)))
    if os.path.exists(os.path.join(SMOLLM2, "config.json")):
        if wanted("lora-step-smollm2"):
            seconds = lora_step(smollm2(), 2, 64, min(3, options.rounds))
            rows.append(row("lora-step-smollm2", "ms", "lower", [1000 * s for s in seconds]))
        for sequences in (1, 8):
            if wanted(f"decode-smollm2-{sequences}"):
                rows.append(row(f"decode-smollm2-{sequences}", "tokens/s", "higher",
                                decode(smollm2(), sequences, 8, min(3, options.rounds))))
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
