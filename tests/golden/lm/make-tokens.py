"""Makes tests/golden/lm/tokens.json: a word-level and a byte-level tokenizer with transformers' ids of hard strings.

    .cache/venv/bin/python tests/golden/lm/make-tokens.py
"""

import json
import pathlib

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

here = pathlib.Path(__file__).resolve().parent
hard = [
    "Hello, world!",
    "1234567890 12 3.14 -7 2,125",
    "  leading and   inner   spaces  ",
    "tabs\tand\nnew\n\nlines\r\n",
    "\n\n1. list",
    "café naïve façade — “quotes” …",
    "cafe\u0301 decomposed",
    "日本語のテキスト 中文 한국어",
    "😀 👩‍👩‍👧 🇩🇪",
    "don't we'll I'M 'tis",
    "<|im_start|>user\nhi<|im_end|>\n",
    "a<|im_end|>b <|endoftext|>",
    "x=1;y=2 // code_snake camelCase",
    "\u00a0nbsp\u200bzero width",
    "ΑΒΓ αβγ Привет мир العربية हिन्दी",
    "",
    " ",
]
chat = [
    [{"role": "user", "content": "What is 2 + 2?"}],
    [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "  Bye \n"},
    ],
]


def results(tokenizer, texts):
    ids = [tokenizer(t).input_ids for t in texts]
    return {
        "texts": texts,
        "ids": ids,
        "decoded": [tokenizer.decode(i, skip_special_tokens=True) for i in ids],
    }


def word_level():
    words = ["<unk>", "<bos>", "<q>", "<peer>", "<a>", "<eos>", ".", "####", "+", "-", "*", "/", "="]
    words += [str(d) for d in range(10)] + ["Ann", "has", "apples", "buys", "bags", "how", "many", "?"]
    t = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
    t.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Digits(individual_digits=True)]
    )
    t.add_special_tokens(["<unk>", "<bos>", "<q>", "<peer>", "<a>", "<eos>"])
    t.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 1)])
    fast = PreTrainedTokenizerFast(tokenizer_object=t, unk_token="<unk>", bos_token="<bos>", eos_token="<eos>")
    texts = ["<q> Ann has 12 apples . <a> 1 2 + 9 = 2 1 . #### 2 1 <eos>", "Bob has 305 pears ?", "", "<q><a>  Ann\n7"]
    return {"json": json.loads(t.to_str()), "config": {"eos_token": "<eos>", "bos_token": "<bos>"}} | results(fast, texts)


def byte_level():
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    t.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    t.train_from_iterator(hard * 3 + [pathlib.Path(__file__).read_text()], trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=t, bos_token="<|im_start|>", eos_token="<|im_end|>")
    fast.chat_template = (
        "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
        "{{ '<|im_start|>system\nDefault.<|im_end|>\n' }}{% endif %}"
        "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    )
    prompts = [fast.apply_chat_template(m, tokenize=False, add_generation_prompt=True) for m in chat]
    return {
        "json": json.loads(t.to_str()),
        "config": {"eos_token": "<|im_end|>", "bos_token": "<|im_start|>", "chat_template": fast.chat_template},
        "chat": [{"messages": m, "text": p, "ids": fast(p).input_ids} for m, p in zip(chat, prompts)],
    } | results(fast, hard)


def split(digits):
    """Llama 3's ({1,3}) and Qwen2's split; Qwen2 also composes its text (NFC)."""
    pattern = (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + digits
        + r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    t = Tokenizer(models.BPE())
    if not digits:
        t.normalizer = normalizers.NFC()
    t.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(pattern), behavior="isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    t.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    t.train_from_iterator(hard * 3 + [pathlib.Path(__file__).read_text()], trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=t, eos_token="<|im_end|>")
    return {"json": json.loads(t.to_str()), "config": {"eos_token": "<|im_end|>"}} | results(fast, hard)


golden = {"llama3Split": split("{1,3}"), "qwen2Split": split("")} | {"wordLevel": word_level(), "byteLevel": byte_level()}
(here / "tokens.json").write_text(json.dumps(golden, ensure_ascii=True) + "\n")
