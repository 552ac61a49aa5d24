"""Makes blocks.json of tests/unit/lm/gguf/blocks.test.ts: blocks of every type that is read, and their values by gguf-py.

Of each type: blocks of random bytes, of zeros and of ones, under scales from the least half to the largest, zero and negative ones.
`blocks` and `values` (f32, little endian) are base64.

Run: python tests/golden/gguf/make-blocks.py   (gguf 0.19)
"""
import base64
import json
import pathlib

import gguf
import numpy as np

TYPES = ["Q8_0", "Q5_0", "Q5_1", "Q4_0", "Q4_1", "IQ4_NL", "IQ4_XS", "Q6_K", "Q5_K", "Q4_K", "Q3_K", "Q2_K"]
# Bytes at which a block's halves stand.
HALVES = {
    "Q8_0": [0], "Q5_0": [0], "Q5_1": [0, 2], "Q4_0": [0], "Q4_1": [0, 2], "IQ4_NL": [0], "IQ4_XS": [0], "Q6_K": [208],
    "Q5_K": [0, 2], "Q4_K": [0, 2], "Q3_K": [108], "Q2_K": [80, 82],
}
SCALES = np.array([0.0123, -0.0071, 1.5, 5.96e-8, 6.1e-5, 0.0, -0.0, 65504.0, -65504.0, 3e-6], dtype=np.float16)
text = lambda array: base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
random = np.random.default_rng(16)
cases = {}
for name in TYPES:
    kind = gguf.GGMLQuantizationType[name]
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = random.integers(0, 256, (len(SCALES), size), dtype=np.uint8)
    blocks[3], blocks[4] = 0, 255
    for k, at in enumerate(HALVES[name]):
        # The second half of a block is another one of the scales.
        blocks[:, at : at + 2] = np.roll(SCALES, k).view(np.uint8).reshape(-1, 2)
    values = gguf.quants.dequantize(blocks, kind).astype("<f4")
    cases[name] = {"blocks": text(blocks), "values": text(values)}
(pathlib.Path(__file__).resolve().parent / "blocks.json").write_text(json.dumps(cases, indent=1) + "\n")
