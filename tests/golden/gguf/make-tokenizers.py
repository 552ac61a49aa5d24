"""Makes tokenizers.json of tests/unit/lm/tokens/ggufKinds.test.ts: tiny SentencePiece tokenizers, each as a tokenizer.json and as the
metadata of a GGUF, with the ids that tokenizers gives for the strings of tests/golden/lm/hard-tokens.json.

The merges of the tokenizer.json are those that transformers makes of a SentencePiece model's scores (generate_merges).

Run: python tests/golden/gguf/make-tokenizers.py   (tokenizers 0.23, transformers 5)
"""
import json
import pathlib
import struct

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers.convert_slow_tokenizer import generate_merges

here = pathlib.Path(__file__).resolve().parent
texts = json.loads((here.parent / "lm/hard-tokens.json").read_text())["texts"]
corpus = texts + ["the word 'result' is not 12345 the and of word words in don't we'll", "hello world 2024 -- (list) of words"] * 8
NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = 1, 2, 3, 4, 5, 6


def trained(size):
    """Pieces of a BPE over whole texts with escaped blanks, in the order of their merges; letters after them."""
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.Metaspace(split=False)
    letters = sorted({c for text in corpus for c in text.replace(" ", "▁") if ord(c) < 0x2600 or ord(c) > 0x1F000})[::2]
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=["▁", "a", "e", "t"], show_progress=False)
    t.train_from_iterator([text for text in corpus if "\0" not in text], trainer)
    merges = [a + b for a, b in json.loads(t.to_str())["model"]["merges"]]
    known = set(letters) | {"▁", *"abcdefghijklmnopqrstuvwxyz0123456789"}
    merges = [m for m in dict.fromkeys(merges) if set(m) <= known]
    return merges, sorted(known)


def llama(name, prefix=True, with_bytes=True, user=(), control=(), rstrip=(), general=None, eos=False):
    merges, letters = trained(420)
    tokens, types, scores = ["<unk>", "<s>", "</s>"], [UNKNOWN, CONTROL, CONTROL], [0.0, 0.0, 0.0]
    def put(content, kind, score):
        if content in tokens:
            return
        tokens.append(content), types.append(kind), scores.append(score)
    if with_bytes:
        for byte in range(256):
            put(f"<0x{byte:02X}>", BYTE, 0.0)
    for content in control:
        put(content, CONTROL, -1000.0)
    for content in user:
        put(content, USER, -1000.0)
    for i, piece in enumerate([*merges, *letters]):
        put(piece, NORMAL, -float(i))
    vocab = {content: i for i, content in enumerate(tokens)}
    skip = [content for content, kind in zip(tokens, types) if kind in (UNKNOWN, CONTROL, BYTE)]
    pairs = generate_merges(vocab, dict(zip(tokens, scores)), skip)
    t = Tokenizer(models.BPE(vocab, pairs, unk_token="<unk>", fuse_unk=True, byte_fallback=with_bytes))
    blanks = normalizers.Replace(" ", "▁")
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), blanks]) if prefix else blanks
    strip = [decoders.Strip(" ", 1, 0)] if prefix else []
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), *strip])
    t.add_tokens([
        AddedToken(content, special=kind != USER, normalized=False, rstrip=content in rstrip)
        for content, kind in zip(tokens, types) if kind in (UNKNOWN, CONTROL, USER)
    ])
    frame = "<s> $A </s>" if eos else "<s> $A"
    t.post_processor = processors.TemplateProcessing(single=frame, special_tokens=[("<s>", 1), ("</s>", 2)])
    meta = {"tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": tokens, "tokenizer.ggml.scores": scores, "tokenizer.ggml.token_type": types}
    if not prefix:
        meta["tokenizer.ggml.add_space_prefix"] = False
    if eos:
        meta["tokenizer.ggml.add_eos_token"] = True
    if general:
        meta["general.name"] = general
    return name, t, meta


def charsmap(rules):
    """SentencePiece's precompiled_charsmap for a few rules: a Darts double array over UTF-8, and the replacements."""
    strings = b""
    keys = {}
    for key, value in rules.items():
        keys[key.encode()] = len(strings)
        strings += value.encode() + b"\0"
    units, used = {0: 0}, {0}
    # `at` is the place of a node's unit; its children stand at base ^ byte, its leaf at base.
    def place(prefix, at, label):
        children = sorted({key[len(prefix)] for key in keys if key.startswith(prefix) and len(key) > len(prefix)})
        leaf = prefix in keys
        base = 1
        while any((base ^ c) in used for c in [*children, *([0] if leaf else [])]) or (at ^ base) >= 1 << 21:
            base += 1
        for c in children:
            used.add(base ^ c)
        if leaf:
            used.add(base)
            units[base] = keys[prefix] | 1 << 31
        units[at] = ((at ^ base) << 10) | (1 << 8 if leaf else 0) | label
        for c in children:
            place(prefix + bytes([c]), base ^ c, c)
    place(b"", 0, 0)
    array = [units.get(i, 0) for i in range(max(units) + 256)]
    blob = struct.pack(f"<{len(array)}I", *array)
    return struct.pack("<I", len(blob)) + blob + strings


RULES = {"ﬁ": "fi", "½": "1/2", "\t": " ", "\n": " ", "\r": " ", "\u3000": " ", "é": "e", "e\u0301": "e", "Ⅷ": "VIII", "\u200b": "", "Ａ": "A", "ß": "ss", "ſ": "s"}


def unigram(name, rules=None):
    t = Tokenizer(models.Unigram())
    escaped = [normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), "▁")]
    blob = charsmap(rules) if rules else None
    t.normalizer = normalizers.Sequence([*([normalizers.Precompiled(blob)] if blob else []), *escaped])
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    t.decoder = decoders.Metaspace(prepend_scheme="always")
    trainer = trainers.UnigramTrainer(vocab_size=260, unk_token="<unk>", special_tokens=["<pad>", "</s>", "<unk>"], show_progress=False)
    t.train_from_iterator([text for text in corpus if "\0" not in text], trainer)
    model = json.loads(t.to_str())["model"]
    t.add_special_tokens(["<pad>", "</s>", "<unk>"])
    t.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokens = [piece for piece, _ in model["vocab"]]
    types = [CONTROL, CONTROL, UNKNOWN] + [NORMAL] * (len(tokens) - 3)
    # GGUF keeps scores as f32.
    scores = [struct.unpack("<f", struct.pack("<f", score))[0] for _, score in model["vocab"]]
    t.model = models.Unigram(list(zip(tokens, scores)), model["unk_id"])
    meta = {
        "tokenizer.ggml.model": "t5", "tokenizer.ggml.tokens": tokens, "tokenizer.ggml.scores": scores, "tokenizer.ggml.token_type": types,
        "tokenizer.ggml.add_space_prefix": True, "tokenizer.ggml.remove_extra_whitespaces": True,
    }
    if blob:
        meta["tokenizer.ggml.precompiled_charsmap"] = list(blob)
    return name, t, meta


phi = ["<|user|>", "<|end|>", "<|assistant|>", "<|endoftext|>", "<|im_start|>"]
kinds = [
    llama("llama", control=["<|im_start|>", "<sp>"]),
    llama("gemma", prefix=False, control=["<sp>"], user=["\n\n", "\n\n\n", "  ", "<word>"]),
    llama("phi-3", control=[*phi, "<sp>"], rstrip=["</s>", *[c for c in phi if c != "<|endoftext|>"], "<sp>"], general="My Phi-3-mini"),
    llama("llama without bytes, with EOS", with_bytes=False, eos=True),
    unigram("unigram"),
    unigram("unigram with a normaliser", RULES),
]
golden = {}
for name, tokenizer, meta in kinds:
    ids = [tokenizer.encode(text).ids for text in texts]
    golden[name] = {
        "meta": meta, "json": json.loads(tokenizer.to_str()), "ids": ids,
        "decoded": [tokenizer.decode(i, skip_special_tokens=True) for i in ids],
    }
(here / "tokenizers.json").write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n")
