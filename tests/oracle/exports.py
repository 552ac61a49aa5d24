"""What others make of exported files: run by exports.test.ts.

usage: exports.py FOLDER   with FOLDER holding values.f32 (rows of 256), q8_0.bin and q4_0.bin of our quantiser
writes FOLDER/python.json: {"q8_0": bytes that differ from gguf-py's, "q4_0": ...}
"""
import json
import pathlib
import sys

import numpy as np
from gguf import GGMLQuantizationType
from gguf.quants import quantize

folder = pathlib.Path(sys.argv[1])
values = np.fromfile(folder / "values.f32", dtype=np.float32).reshape(-1, 256)


def differing(name, kind):
    ours = np.fromfile(folder / f"{name}.bin", dtype=np.uint8)
    return int((ours != quantize(values, kind).reshape(-1)).sum())


results = {"q8_0": differing("q8_0", GGMLQuantizationType.Q8_0), "q4_0": differing("q4_0", GGMLQuantizationType.Q4_0)}
(folder / "python.json").write_text(json.dumps(results))
