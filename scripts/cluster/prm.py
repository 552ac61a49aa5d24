"""A process reward model on data/prm: TRL 1.13 is the last release with its trainer, and none has a command for it.

accelerate launch prm.py --model_name_or_path M --output_dir out-prm
"""
from dataclasses import dataclass

from datasets import load_dataset
from transformers import AutoModelForTokenClassification, AutoTokenizer
from trl import ModelConfig, TrlParser, get_peft_config
from trl.experimental.prm import PRMConfig, PRMTrainer


@dataclass
class Data:
    dataset_name: str = "data/prm"


def main():
    data, training, model_options = TrlParser((Data, PRMConfig, ModelConfig)).parse_args_and_config()
    name = model_options.model_name_or_path
    model = AutoModelForTokenClassification.from_pretrained(name, num_labels=2)
    tokenizer = AutoTokenizer.from_pretrained(name)
    rows = load_dataset(data.dataset_name)
    trainer = PRMTrainer(
        model=model, args=training, processing_class=tokenizer, train_dataset=rows["train"],
        eval_dataset=rows.get("validation"), peft_config=get_peft_config(model_options),
    )
    trainer.train()
    trainer.save_model(training.output_dir)


if __name__ == "__main__":
    main()
