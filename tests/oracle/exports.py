"""What others make of exported files: run by exports.test.ts.

usage: exports.py quantise FOLDER   with FOLDER holding values.f32 (rows of 256), q8_0.bin and q4_0.bin of our quantiser
writes FOLDER/python.json: {"q8_0": bytes that differ from gguf-py's, "q4_0": ...}

usage: exports.py peft FOLDER   with FOLDER holding PEFT folders of ours, named as the adapters of tests/golden/loading
writes FOLDER/python.json: {name: largest difference of peft's logits on our folder from those on its own}
"""
import json
import pathlib
import sys

work, folder = sys.argv[1], pathlib.Path(sys.argv[2])


def quantised():
    import numpy as np
    from gguf import GGMLQuantizationType
    from gguf.quants import quantize

    values = np.fromfile(folder / "values.f32", dtype=np.float32).reshape(-1, 256)

    def differing(name, kind):
        ours = np.fromfile(folder / f"{name}.bin", dtype=np.uint8)
        return int((ours != quantize(values, kind).reshape(-1)).sum())

    return {"q8_0": differing("q8_0", GGMLQuantizationType.Q8_0), "q4_0": differing("q4_0", GGMLQuantizationType.Q4_0)}


def loaded_by_peft():
    import torch
    from peft import PeftModel
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM

    golden = pathlib.Path(__file__).resolve().parents[1] / "golden/loading"
    ids = json.loads((golden / "cases.json").read_text())["ids"]
    wanted = load_file(golden / "logits.safetensors")

    def difference(ours):
        base = AutoModelForCausalLM.from_pretrained(golden, dtype=torch.float32, attn_implementation="eager")
        with torch.no_grad():
            logits = PeftModel.from_pretrained(base, ours).eval()(torch.tensor([ids])).logits[0]
        return (logits - wanted[f"adapter.{ours.name}"]).abs().max().item()

    return {ours.name: difference(ours) for ours in sorted(folder.iterdir()) if ours.is_dir()}


results = quantised() if work == "quantise" else loaded_by_peft()
(folder / "python.json").write_text(json.dumps(results))
