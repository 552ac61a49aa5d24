"""TRL trains from exported data sets as they are, two steps each, a tiny random model on the CPU: run by trlTrains.test.ts.

usage: trlTrains.py FOLDER   with FOLDER holding trl-sft/, preference/, prm/, grpo/ as `npm run -s dataset` writes them
writes FOLDER/trl.json: per trainer {"rows", "eval", "steps", "losses"}, and what of the rows the trainer learns from
"""
import json
import pathlib
import sys

import torch
from datasets import load_dataset
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    set_seed,
)
from trl import DPOConfig, DPOTrainer, GRPOConfig, GRPOTrainer, RewardConfig, RewardTrainer, SFTConfig, SFTTrainer
from trl.experimental.prm import PRMConfig, PRMTrainer

folder = pathlib.Path(sys.argv[1])
# Shape and tokenizer of the bundled student; its weights are drawn anew.
shape = pathlib.Path(__file__).resolve().parents[2] / "public/models/student"
tokenizer = AutoTokenizer.from_pretrained(shape)


def fresh(kind, **changes):
    set_seed(0)
    return kind.from_config(AutoConfig.from_pretrained(shape, **changes), dtype=torch.float32)


def options(name, **more):
    return dict(
        output_dir=str(folder / f"out-{name}"), max_steps=2, logging_steps=1, per_device_train_batch_size=2,
        use_cpu=True, bf16=False, gradient_checkpointing=False, save_strategy="no", report_to="none",
        disable_tqdm=True, dataloader_pin_memory=False, **more,
    )


def data(name):
    # A folder by its name, as `trl sft --dataset_name FOLDER` opens it.
    return load_dataset(str(folder / name), cache_dir=str(folder / "cache"))


def trained(trainer, rows):
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return {
        "rows": rows["train"].num_rows, "eval": rows["validation"].num_rows, "steps": trainer.state.global_step,
        "losses": losses,
    }


def text(ids):
    return tokenizer.decode(ids, skip_special_tokens=True)


def sft():
    rows = data("trl-sft")
    trainer = SFTTrainer(
        fresh(AutoModelForCausalLM), SFTConfig(**options("sft"), completion_only_loss=True), train_dataset=rows["train"],
        eval_dataset=rows["validation"], processing_class=tokenizer,
    )
    first = trainer.data_collator([trainer.train_dataset[0]])
    learnt = [token for token in first["labels"][0].tolist() if token != -100]
    return trained(trainer, rows) | {"prompt": rows["train"][0]["prompt"][0]["content"], "learnt": text(learnt)}


def dpo():
    rows = data("preference")
    trainer = DPOTrainer(
        fresh(AutoModelForCausalLM), args=DPOConfig(**options("dpo")), train_dataset=rows["train"],
        eval_dataset=rows["validation"], processing_class=tokenizer,
    )
    return trained(trainer, rows)


def reward():
    rows = data("preference")
    trainer = RewardTrainer(
        fresh(AutoModelForSequenceClassification, num_labels=1), RewardConfig(**options("reward")),
        train_dataset=rows["train"], eval_dataset=rows["validation"], processing_class=tokenizer,
    )
    return trained(trainer, rows) | {"chosen": text(trainer.train_dataset[0]["chosen_ids"])}


def prm():
    rows = data("prm")
    trainer = PRMTrainer(
        fresh(AutoModelForTokenClassification, num_labels=2), PRMConfig(**options("prm")), train_dataset=rows["train"],
        eval_dataset=rows["validation"], processing_class=tokenizer,
    )
    labels = [label for label in trainer.train_dataset[0]["labels"] if label != -100]
    return trained(trainer, rows) | {"labels": labels}


def grpo():
    rows = data("grpo")
    seen = set()

    def right(completions, solution, question, **columns):
        seen.update(zip(question, solution))
        return [float(f"#### {gold}" in reply[0]["content"]) for reply, gold in zip(completions, solution)]

    trainer = GRPOTrainer(
        fresh(AutoModelForCausalLM), right,
        args=GRPOConfig(**options("grpo"), num_generations=2, max_completion_length=8), train_dataset=rows["train"],
        eval_dataset=rows["validation"], processing_class=tokenizer,
    )
    return trained(trainer, rows) | {"rewarded": sorted(map(list, seen))}


results = {}
for train in (sft, dpo, reward, prm, grpo):
    results[train.__name__] = train()
    print(train.__name__, "done", file=sys.stderr, flush=True)
(folder / "trl.json").write_text(json.dumps(results))
