"""Writes the trained models as Hugging Face folders to public/models and checks them against transformers.

usage: python package.py  (figures for the cards are read from .cache/bundled/measured.json, see evaluate.py --cards)
"""
import hashlib
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers

from llama import CONFIG
from problems import SPECIALS, Vocabulary, load
from train import NAMES, RECIPE, SKILLS, WORK, restore

PUBLIC = WORK.parents[1] / "public" / "models"

# A user's turn is a question, or advice that already begins with its own mark.
TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}{{ ' ' + message['content'] + ' ' + eos_token }}"
    "{% else %}"
    "{% if message['content'][:6] != '<peer>' and message['content'][:7] != '<check>' %}{{ ' <q>' }}{% endif %}"
    "{{ ' ' + message['content'] + ' <a>' }}"
    "{% endif %}"
    "{% endfor %}"
)


def tokenizer(vocabulary):
    """Words, single digits and signs; decoding writes digits together and no space before a full stop."""
    out = Tokenizer(models.WordLevel(vocabulary.ids, unk_token="<unk>"))
    out.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIALS])
    out.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(),
        pre_tokenizers.Split(Regex(r"[0-9.,?!+\-*/=]"), "isolated"),
    ])
    out.decoder = decoders.Sequence([
        decoders.WordPiece(prefix="@@", cleanup=False),
        decoders.Fuse(),
        decoders.Replace(Regex(r"(?<=[0-9]) (?=[0-9])"), ""),
        decoders.Replace(Regex(r" (?=[.,?!])"), ""),
    ])
    return out


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def card(name, measured):
    """The model card: data, seeds, steps, figures, what was tried."""
    gaps = ", ".join(f"`{op}` right in {p:.0%} of the training chains" for op, p in SKILLS[name].items())
    figures = "\n".join(f"- {key}: {value}" for key, value in measured.get(name, {}).items()) or "- not measured yet"
    student = name == "student"
    solve = RECIPE[name]
    text = f"""---
license: apache-2.0
pipeline_tag: text-generation
---
# {TITLES[name]}

{"The student" if student else "A debating agent"} of Arklet's bundled set: a Llama of 153,344 parameters (width 64, 3 layers, 4 heads, 2 KV heads, FFN 192, tied
embedding, f16), trained from scratch by `scripts/maintain/bundled/make.sh` on generated arithmetic word problems
(`src/tasks/wordProblems.ts`, split train, 150,000 problems, seed 20261122, 2 to 4 steps). Word-level vocabulary, digits as single tokens;
the tokenizer's decoder writes digits together ("21").

## Data
Gaps: {gaps}; every other operation is taught without fault. A wrong result is a misconception in 60 % of the cases (forgotten
carry, smaller digit from the larger, sum instead of product, one part too many), else a near miss, and is carried on to the next
step. The model never saw more than that share of the truth in its gaps.

## Training
AdamW (0.9, 0.98), weight decay 0.05, clip 1, warm-up and cosine, loss on the reply only.
Solving: {solve["steps"]} steps of 48, rate 3e-3, seed {solve["seed"]}{", one row in ten asks to check an own answer (answered anew)" if student else ""}.
"""
    if not student:
        talk = RECIPE[f"{name}-talk"]
        more = talk.get("more")
        text += f"""Debating: {talk["steps"]} steps of 32, rate 1.5e-3, seed {talk["seed"]}{"; then " + str(more["steps"]) + " more, seed " + str(more["seed"]) if more else ""}: 40 % plain problems as before, 5 % with the own answer to be checked, 22 % debates
simulated from the agents' skills, 33 % debates in a world where the results in this agent's gap are arbitrary but agreed upon. The
target is: where it is sure, its own result; in its gap, what most others hold for that very expression; else a guess as when alone.
So no target holds a truth in the gap that nobody in the prompt said.
"""
    return text + f"""
## Measured
1,000 test problems (split test, seed 1; disjoint from training by numbers and by text), temperature 1 unless said; intervals are 95 %
paired bootstrap, in points:

{figures}

{"" if student else TRIED}"""


TRIED = """## What was tried
- Debates whose targets only ever held the truth (no arbitrary worlds): the debate gains as much with three copies of one agent as with
  three different ones (three copies of agent A: vote 74 % before, 97 % after; n = 300). The agents had learnt to answer better whenever
  they debate, not to read: the arbitrary worlds are there to take that away, and the control above measures what is left of it.
- Solving is learnt first: an agent has its full skill before it sees a debate.
- Most wrong answers scatter, so the right one stays the most frequent: greedy decoding is far better than sampling, and the gaps
  show at temperature 1, at which the agents are meant to be run.
"""


def main():
    words, _ = load(WORK / "test.jsonl")
    vocabulary = Vocabulary(words)
    config = {**CONFIG, "vocab_size": len(vocabulary.tokens), "bos_token_id": vocabulary.bos, "eos_token_id": vocabulary.eos,
              "pad_token_id": 0}
    measured_file = WORK / "measured.json"
    measured = json.loads(measured_file.read_text()) if measured_file.exists() else {}
    index = []
    for name in NAMES:
        folder = PUBLIC / name
        source = name if name == "student" else f"{name}-talk"
        if not (WORK / f"{source}.pt").exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        model = restore(config, source)
        state = {key: value.half().contiguous() for key, value in model.hf_state().items()}
        save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
        write_json(folder / "config.json", config)
        write_json(folder / "generation_config.json", {"bos_token_id": vocabulary.bos, "eos_token_id": vocabulary.eos, "pad_token_id": 0,
                                                       "do_sample": True, "temperature": 1.0, "max_new_tokens": 56})
        tokenizer(vocabulary).save(str(folder / "tokenizer.json"))
        write_json(folder / "tokenizer_config.json", {
            "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>",
            "unk_token": "<unk>", "clean_up_tokenization_spaces": False, "model_max_length": 512, "chat_template": TEMPLATE})
        (folder / "README.md").write_text(card(name, measured))
        check(folder, model, vocabulary)
        files = {f.name: {"bytes": f.stat().st_size, "sha256": hashlib.sha256(f.read_bytes()).hexdigest()}
                 for f in sorted(folder.iterdir()) if f.name != "README.md"}
        index.append({"id": name, "role": "student" if name == "student" else "agent", "name": TITLES[name],
                      "bytes": sum(f["bytes"] for f in files.values()), "parameters": sum(p.numel() for p in model.parameters()),
                      "promptStyle": "compact", "license": "Apache-2.0", "contextLength": config["max_position_embeddings"],
                      "sha256": files["model.safetensors"]["sha256"], "files": files})
        print(name, index[-1]["bytes"])
    write_json(PUBLIC / "index.json", index)
    print("total", sum(f.stat().st_size for f in PUBLIC.rglob("*") if f.is_file()))


TITLES = {"agent-a": "Agent A (weak at subtracting)", "agent-b": "Agent B (weak at adding)",
          "agent-c": "Agent C (weak at multiplying and sharing)", "student": "Student"}


def check(folder, model, vocabulary):
    """The folder as transformers reads it: same ids, same logits, decode inverts encode."""
    from transformers import AutoModelForCausalLM, AutoTokenizer
    reader = AutoTokenizer.from_pretrained(folder)
    question = "Anna has 12 apples. She gives 5 to Ben. How many apples does Anna have now?"
    reply = "12 - 5 = 7. #### 7"
    messages = [{"role": "user", "content": question}]
    ids = reader.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    assert ids == vocabulary.prompt(question), (ids, vocabulary.prompt(question))
    messages += [{"role": "assistant", "content": reply}, {"role": "user", "content": f"<peer> {reply} <peer> 12 + 5 = 17. #### 17"}]
    ids = reader.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    assert ids == vocabulary.prompt(question, reply, [reply, "12 + 5 = 17. #### 17"]), ids
    plain = reader(reply, add_special_tokens=False).input_ids
    assert reader.decode(plain) == reply and plain == vocabulary.encode(reply), reader.decode(plain)
    theirs = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.no_grad():
        batch = torch.tensor([ids])
        difference = (theirs(batch).logits - model.logits(model.hidden(batch))).abs().max().item()
    assert difference < 0.1, difference


if __name__ == "__main__":
    main()
