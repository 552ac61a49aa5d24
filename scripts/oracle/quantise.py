"""Quantises models by real llama.cpp for the oracle tests: llama_model_quantize of node-llama-cpp's prebuilt library.

Run: python scripts/oracle/quantise.py smollm2|tiny Q4_K_M Q6_K ...   (after fetch-smollm2.py; on x64 Linux)
Makes .cache/quants/MODEL-NAME.gguf where it is not there already. SmolLM2 starts from its Q4_1 file, whose values are taken
as they are: what is tested is how each type is read, not how good the model is. Its rows of 576 take no blocks of 256, so that
most of its tensors fall back to other types; `tiny` is a random Llama all of whose rows do.
"""
import ctypes
import pathlib
import sys

root = pathlib.Path(__file__).resolve().parents[2]
folder = root / ".cache/quants"
sources = {"smollm2": root / ".cache/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", "tiny": folder / "tiny-F32.gguf"}
library = root / "node_modules/@node-llama-cpp/linux-x64/bins/linux-x64"
# enum llama_ftype of llama.h
FTYPES = {
    "Q4_0": 2, "Q4_1": 3, "Q8_0": 7, "Q5_0": 8, "Q5_1": 9, "Q2_K": 10, "Q3_K_S": 11, "Q3_K_M": 12, "Q3_K_L": 13, "Q4_K_S": 14,
    "Q4_K_M": 15, "Q5_K_S": 16, "Q5_K_M": 17, "Q6_K": 18, "IQ4_NL": 25, "IQ4_XS": 30,
}


class Params(ctypes.Structure):
    """The head of llama_model_quantize_params, and room for what newer versions have behind it."""

    _fields_ = [
        ("nthread", ctypes.c_int32), ("ftype", ctypes.c_int32), ("output_type", ctypes.c_int32),
        ("embedding_type", ctypes.c_int32), ("allow_requantize", ctypes.c_bool), ("rest", ctypes.c_uint8 * 255),
    ]


def make_tiny(path: pathlib.Path) -> None:
    """A random Llama of two layers; its tokens are the letters of the alphabet and pairs of them."""
    import gguf
    import numpy as np

    hidden, ffn, heads, kv, layers = 256, 512, 4, 2, 2
    letters = [chr(97 + i) for i in range(26)]
    tokens = [*letters, *(a + b for a in letters for b in letters[:10])]
    random = np.random.default_rng(4)
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(128)
    writer.add_embedding_length(hidden)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(ffn)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(hidden // heads)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([1] * len(tokens))
    writer.add_token_merges([f"{a} {b}" for a in letters for b in letters[:10]])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)

    def add(name: str, *shape: int) -> None:
        noise = random.standard_normal(shape).astype(np.float32)
        writer.add_tensor(name, 1 + 0.1 * noise if len(shape) == 1 else 1.5 * noise / np.sqrt(shape[1], dtype=np.float32))

    add("token_embd.weight", len(tokens), hidden)
    for layer in range(layers):
        at = f"blk.{layer}."
        add(at + "attn_norm.weight", hidden)
        add(at + "attn_q.weight", hidden, hidden)
        add(at + "attn_k.weight", hidden * kv // heads, hidden)
        add(at + "attn_v.weight", hidden * kv // heads, hidden)
        add(at + "attn_output.weight", hidden, hidden)
        add(at + "ffn_norm.weight", hidden)
        add(at + "ffn_gate.weight", ffn, hidden)
        add(at + "ffn_up.weight", ffn, hidden)
        add(at + "ffn_down.weight", hidden, ffn)
    add("output_norm.weight", hidden)
    add("output.weight", len(tokens), hidden)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    model, *names = sys.argv[1:]
    folder.mkdir(parents=True, exist_ok=True)
    if model == "tiny" and not sources["tiny"].exists():
        make_tiny(sources["tiny"])
    wanted = [name for name in names if not (folder / f"{model}-{name}.gguf").exists()]
    if not wanted:
        return
    for name in ("libggml-base.so", *(path.name for path in library.glob("libggml.v*.so"))):
        ctypes.CDLL(str(library / name), mode=ctypes.RTLD_GLOBAL)
    llama = ctypes.CDLL(str(next(library.glob("libllama.v*.so"))))
    quiet = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(lambda *_: None)
    llama.llama_log_set(quiet, None)
    llama.llama_backend_init()
    llama.llama_model_quantize_default_params.restype = Params
    for name in wanted:
        params = llama.llama_model_quantize_default_params()
        params.nthread, params.ftype, params.allow_requantize = 2, FTYPES[name], True
        target = folder / f"{model}-{name}.gguf"
        part = target.with_suffix(".part")
        if llama.llama_model_quantize(str(sources[model]).encode(), str(part).encode(), ctypes.byref(params)) != 0:
            raise SystemExit(f"llama.cpp could not quantise {model} to {name}")
        part.rename(target)


main()
