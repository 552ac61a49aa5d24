# /// script
# requires-python = ">=3.10"
# dependencies = ["trl[peft]==1.13.0", "transformers==5.23.0", "datasets==5.2.0", "accelerate==1.15.0"]
# ///
"""SFT on Hugging Face Jobs: hf jobs uv run --flavor a100-large --timeout 6h --secrets HF_TOKEN jobs.py M REPO

M is the base, REPO a data set of yours that holds data/trl-sft; the adapter is pushed, since a job's disk is lost.
"""
import json
import sys

from datasets import load_dataset
from peft import LoraConfig
from trl import SFTConfig, SFTTrainer


def main(model, repo):
    from huggingface_hub import hf_hub_download

    settings = json.loads(open(hf_hub_download(repo, "configs/settings.json", repo_type="dataset")).read())
    rows = load_dataset(repo, data_dir="data/trl-sft")
    lora = LoraConfig(task_type="CAUSAL_LM", **settings["lora"])
    training = SFTConfig(output_dir="out-sft", push_to_hub=True, **settings["sft"])
    trainer = SFTTrainer(model, training, train_dataset=rows["train"], eval_dataset=rows.get("validation"), peft_config=lora)
    trainer.train()
    trainer.push_to_hub()


if __name__ == "__main__":
    main(*sys.argv[1:3])
