"""What transformers says about SmolLM2-135M: ids of hard strings, chat template, logits and a greedy continuation.

Writes .cache/smollm2-golden/{golden.json,logits.npy}; does nothing when they are newer than this file and the tokenizer.
"""

import json
import pathlib

here = pathlib.Path(__file__).resolve()
root = here.parents[2]
out = root / ".cache" / "smollm2-golden"

text = (
    "Tom has 12 apples. He buys 3 bags with 4 apples each and gives 5 apples to Ann. How many apples does Tom have now? "
    "First, Tom buys 3 * 4 = 12 apples, so that he has 12 + 12 = 24 apples. Then he gives away some of them, and what is left"
)
chat = [
    [{"role": "user", "content": "What is 2 + 2?"}],
    [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "  Bye \n"},
    ],
]


def make():
    import numpy as np
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(1)
    hard = json.loads((root / "tests/golden/lm/tokens.json").read_text())["byteLevel"]["texts"]
    folder = root / ".cache" / "smollm2-hf"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = tokenizer(text).input_ids[:64]
    assert len(ids) == 64
    prompts = [tokenizer.apply_chat_template(m, tokenize=False, add_generation_prompt=True) for m in chat]
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0].numpy()
        reply = model.generate(torch.tensor([ids]), do_sample=False, max_new_tokens=24)[0, 64:].tolist()
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "logits.npy", logits.astype("<f4"))
    golden = {
        "texts": hard,
        "textIds": [tokenizer(t).input_ids for t in hard],
        "chat": [
            {"messages": m, "text": p, "ids": tokenizer(p, add_special_tokens=False).input_ids}
            for m, p in zip(chat, prompts)
        ],
        "ids": ids,
        "reply": reply,
        "replyText": tokenizer.decode(reply, skip_special_tokens=True),
    }
    (out / "golden.json").write_text(json.dumps(golden))


done = out / "golden.json"
needs = [here, root / ".cache" / "smollm2-hf" / "tokenizer.json"]
if not done.exists() or done.stat().st_mtime < max(file.stat().st_mtime for file in needs):
    make()
