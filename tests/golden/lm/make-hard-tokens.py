"""Makes tests/golden/lm/hard-tokens.json: ids and texts of tokenizers 0.23 and transformers for many tokenizers and hard strings.

    .cache/venv/bin/python tests/golden/lm/make-hard-tokens.py
"""

import json
import pathlib
import random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

here = pathlib.Path(__file__).resolve().parent
random.seed(7)

hand = """about ½ cup|5 m²|a ³ b| ½|4 ½ months|Ⅷ ٣ ⅓ ₂ ①|x = 'result'|x != y|a . b|we 've 3 , 4|I could n't|the 's and 're
don't we'll I'M 'TIS 'ſ KELVIN'S|1234567 12 3.14 -7 2,125|  leading|trailing  |tab\tand\nnew\n\n\n1. list|x =  5|def f():\n    1
\r\n\r\nmixed\rbreaks|\u0085next\u2028line\u2029para|\ufeffbom\ufeff|\u00a0nbsp\u3000wide\u200bzero|cafe\u0301 naïve|ǅ ǈ ﬁ ﬀ ß ẞ İ ı
日本語の12テキスト 中文，。|한국어 텍스트|العربية ١٢٣|हिन्दी १२३|😀👩\u200d👩\u200d👧🇩🇪|𝒳𝟙𝟚 𐐀|a_b-c/d\\e|!!!???...|“quotes” — dash…|$5.00 + €3 = £8
<s>|</s>|a<s>b|<sp> x <sp>|x <sp>y|w<word>w <word> .|UP up Up|<Up> <up>|<|im_start|>user\nhi<|im_end|>|<0x0A>|▁a ▁▁b|a▁b""".replace("\n", "|").split("|")
hand += ["", " ", "  ", "\n", "\n\n", "\t", "\n\n½", "\n\n٣", "a\n\nb", "Ünïcödé", "ÄÖÜ äöü", "ΑΣ ΣΑΣ", "  a  b  ", "\x00\x07\x1b", "\ufffd x", "a" * 30, "9" * 12]
alphabet = list("abcsStTkK AZ059.,!?'\"-_()<>/=+*&$%#@~^|\\") + list(" \n\t\r  \u00a0\u0085\u2003\u3000\ufeff\u200b")
alphabet += list("½²³Ⅷ٣₂①éßſKñΣς日本中，。한हि😀𝟙\u0301\u0000▁") + ["<s>", "<sp>", "<word>", "<up>", "'s", "'ll", "don't", "  ", "\n\n", "\r\n", "123", "word"]
texts = list(dict.fromkeys(hand))
while len(texts) < 320:
    texts.append("".join(random.choice(alphabet) for _ in range(random.randint(2, 14))))
corpus = texts + ["the word 'result' is not 12345 the and of word words in don't we'll", "hello world 2024 -- (list) of words"] * 4

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CL100K = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
O200K = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
DEEPSEEK = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"

letters = pre_tokenizers.ByteLevel.alphabet()


def byte_level(pre, size=330, normalizer=None, regex=False):
    t = Tokenizer(models.BPE())
    own = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=regex)
    t.pre_tokenizer = pre_tokenizers.Sequence([*pre, own])
    t.decoder = decoders.ByteLevel()
    if normalizer:
        t.normalizer = normalizer
    t.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=size, initial_alphabet=sorted(letters), show_progress=False))
    return t


def split(pattern, behaviour="isolated", invert=False):
    return pre_tokenizers.Split(pattern, behaviour, invert)


def word_level(pre, normalizer=None, decoder=None):
    t = Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>"))
    t.pre_tokenizer = pre
    if normalizer:
        t.normalizer = normalizer
    t.train_from_iterator(corpus, trainers.WordLevelTrainer(vocab_size=150, special_tokens=["<unk>"], show_progress=False))
    if decoder:
        t.decoder = decoder
    return t


def spm(pre, normalizer, decoder, fuse=True):
    chars = sorted({c for text in corpus for c in text.replace(" ", "▁") if ord(c) < 0x2600})
    vocab = {"<unk>": 0, "<s>": 1, "</s>": 2}
    for byte in range(256):
        vocab[f"<0x{byte:02X}>"] = len(vocab)
    for char in ["▁", *chars[::2]]:
        vocab.setdefault(char, len(vocab))
    merges = []
    for left, right in [("▁", "w"), ("o", "r"), ("▁", "a"), ("t", "h"), ("▁", "th"), ("▁", "▁"), ("1", "2"), ("▁w", "or")]:
        if left in vocab and right in vocab:
            merges.append((left, right))
            vocab.setdefault(left + right, len(vocab))
    t = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=fuse, byte_fallback=True))
    if normalizer:
        t.normalizer = normalizer
    if pre:
        t.pre_tokenizer = pre
    t.decoder = decoder
    t.add_special_tokens(["<unk>", "<s>", "</s>"])
    return t


def unigram(pre):
    t = Tokenizer(models.Unigram())
    t.pre_tokenizer = pre
    t.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=120, unk_token="<unk>", special_tokens=["<unk>", "<s>"], show_progress=False)
    t.train_from_iterator(["the word result list of words and hello world", "don't we'll go on with words"] * 20, trainer)
    return t


def suffixed():
    t = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    t.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    t.decoder = decoders.BPEDecoder("</w>")
    trainer = trainers.BpeTrainer(vocab_size=260, special_tokens=["<unk>"], end_of_word_suffix="</w>", show_progress=False)
    t.train_from_iterator(corpus, trainer)
    return t


def word_piece(cleanup):
    t = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=20))
    t.normalizer = normalizers.BertNormalizer()
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.decoder = decoders.WordPiece(cleanup=cleanup)
    trainer = trainers.WordPieceTrainer(vocab_size=220, special_tokens=["[UNK]", "[CLS]", "[SEP]"], show_progress=False)
    t.train_from_iterator([*corpus, "I do not , no . we do n't 've he 's !"], trainer)
    t.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    return t


def with_added(t, tokens):
    t.add_tokens(tokens)
    return t


llama2 = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
added = [
    AddedToken("<s>", special=True, normalized=False, lstrip=True),
    AddedToken("<sp>", special=True, normalized=False, rstrip=True),
    AddedToken("<word>", single_word=True, normalized=False),
    AddedToken("<up>", normalized=True),
    AddedToken("1. ", normalized=True, rstrip=True),
]
meta = pre_tokenizers.Metaspace
cut = Regex(r"[\s,.!?]|[0-9]+")
tokenizers = {
    "digits": byte_level([pre_tokenizers.Digits(individual_digits=True)], regex=True),
    "digitRuns": byte_level([pre_tokenizers.Digits(individual_digits=False)], regex=True),
    "gpt2Split": byte_level([split(Regex(GPT2))]),
    "llama3Split": byte_level([split(Regex(LLAMA3))]),
    "cl100kSplit": byte_level([split(Regex(CL100K))]),
    "o200kSplit": byte_level([split(Regex(O200K))]),
    "deepseekSplit": byte_level([split(Regex(r"\p{N}{1,3}")), split(Regex("[一-龥぀-ゟ゠-ヿ]+")), split(Regex(DEEPSEEK))]),
    "isolated": byte_level([split(cut, "isolated")]),
    "removed": byte_level([split(cut, "removed")]),
    "mergedWithPrevious": byte_level([split(cut, "merged_with_previous")]),
    "mergedWithNext": byte_level([split(cut, "merged_with_next")]),
    "contiguous": byte_level([split(cut, "contiguous")]),
    "inverted": byte_level([split(Regex(r"\w+|\S"), "isolated", True), split(" ", "merged_with_next")]),
    "invertedRemoved": byte_level([split(Regex(r"\w+|[^\w\s]+"), "removed", True)]),
    "zeroWidth": byte_level([split(Regex(r"(?=(\d{3})+(?!\d))"), "isolated")]),
    "atomic": byte_level([split(Regex(r"(?>\d\d|\d)\d|(?:a|ab)*+b|\s*?\n"), "isolated")]),
    "punctuation": byte_level([pre_tokenizers.Punctuation("isolated")], regex=True),
    "punctuationRuns": byte_level([pre_tokenizers.Punctuation("contiguous")]),
    "punctuationNext": byte_level([pre_tokenizers.Punctuation("merged_with_next")]),
    "delimiter": byte_level([pre_tokenizers.CharDelimiterSplit("a")]),
    "fixedLength": byte_level([pre_tokenizers.FixedLength(3)]),
    "whitespace": word_level(pre_tokenizers.Whitespace()),
    "whitespaceSplit": word_level(pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Digits(True)])),
    "lowercase": word_level(pre_tokenizers.Whitespace(), normalizers.Sequence([normalizers.Strip(), normalizers.Lowercase()])),
    "accents": word_level(pre_tokenizers.Whitespace(), normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.NFKC()])),
    "metaspaceAlways": spm(meta(prepend_scheme="always"), None, decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()])),
    "metaspaceFirst": spm(meta(prepend_scheme="first"), None, decoders.Metaspace(prepend_scheme="first")),
    "metaspaceNever": spm(meta(prepend_scheme="never", split=False), None, decoders.Metaspace(prepend_scheme="never")),
    "llama2": spm(None, normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]), llama2),
    "unigram": unigram(meta()),
    "suffixed": suffixed(),
    "wordPiece": word_piece(True),
    "wordPiecePlain": word_piece(False),
    "addedTokens": with_added(byte_level([], regex=True), added),
    "addedNormalized": with_added(byte_level([], normalizer=normalizers.Lowercase(), regex=True), added),
    "byteNormalizer": byte_level([], normalizer=normalizers.NFC(), regex=True),
}
tokenizers["llama2"].post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
tokenizers["digits"].add_special_tokens(["<s>"])
tokenizers["digits"].post_processor = processors.Sequence(
    [processors.ByteLevel(), processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", tokenizers["digits"].token_to_id("<s>"))])]
)

golden = {"texts": texts, "tokenizers": {}}
for name, tokenizer in tokenizers.items():
    ids = [tokenizer.encode(text).ids for text in texts]
    size = tokenizer.get_vocab_size()
    runs = [[random.randrange(size) for _ in range(random.randint(1, 12))] for _ in range(80)]
    # transformers' own decoding, with the flag that Llama 3's files carry.
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, clean_up_tokenization_spaces=True)
    golden["tokenizers"][name] = {
        "json": json.loads(tokenizer.to_str()),
        "ids": ids,
        "decoded": [tokenizer.decode(i, skip_special_tokens=True) for i in ids],
        "cleaned": {str(i): text for i in range(len(ids)) if (text := fast.decode(ids[i], skip_special_tokens=True)) != tokenizer.decode(ids[i])},
        "runs": runs,
        "runTexts": [tokenizer.decode(run, skip_special_tokens=True) for run in runs],
    }
(here / "hard-tokens.json").write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n")
