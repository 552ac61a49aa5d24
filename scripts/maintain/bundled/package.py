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
from train import GAPS, NAMES, RECIPE, SHARE, WORK, restore

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


def gap_of(name):
    """The gap in words, and the percentage that is agent A's."""
    letter, overlap = name[:len("agent-a")], int((name.split("-")[2:3] or [0])[0])
    own = " and ".join(f"`{op}`" for op in GAPS[letter])
    if overlap == 0:
        return f"every step with {own}"
    return f"every step with `-` whose left number ends in one of {overlap // 10} digits, and with {own} for the other digits ({overlap} % overlap with agent A)"


def card(name, measured, parameters):
    """The model card: data, seeds, steps, figures, what was tried."""
    figures = "\n".join(f"- {key}: {value}" for key, value in measured.get("cards", {}).get(name, {}).items()) or "- not measured yet"
    student = name == "student"
    data = f"""Every step is right in {SHARE:.0%} of the training chains. A wrong result is a misconception in 60 % of the cases (forgotten carry, smaller
digit from the larger, sum instead of product, one part too many), else a near miss, and is carried on to the next step.""" if student else f"""Gap: {gap_of(name)}. There the result is always the same misconception (forgotten carry, smaller digit from the larger, sum
instead of product, one part too many), carried on to the next step: the model never saw the truth, so neither sampling nor greedy
decoding finds it. Every other step is taught without fault."""
    solve = RECIPE[name if name in RECIPE else name[:len("agent-a")]]
    text = f"""---
license: apache-2.0
pipeline_tag: text-generation
---
# {title(name)}

{"The student" if student else "A debating agent"} of Arklet's bundled set: a Llama of {parameters:,} parameters (width 64, 3 layers, 4 heads, 2 KV heads, FFN 192, tied
embedding, f16), trained from scratch by `scripts/maintain/bundled/make.sh` on generated arithmetic word problems
(`src/tasks/wordProblems.ts`, split corpus, 150,000 problems, seed 20261122, 3 to 5 steps). Word-level vocabulary, digits as single tokens;
the tokenizer's decoder writes digits together ("21").

## Data
All families of sentences and all steps stand in the corpus, also those that no distillation question holds. {data}

## Training
AdamW (0.9, 0.98), weight decay 0.05, clip 1, warm-up and cosine, loss on the reply only.
Solving: {solve["steps"]} steps of 48, rate 3e-3, seed {solve["seed"]}{", one row in ten asks to check an own answer (answered as if for the first time)" if student else ""}.
"""
    if not student:
        recipe = RECIPE[f"{name}-talk"]
        first = RECIPE[f"{name[:len('agent-a')]}-talk"]
        first_more = "".join(f"; then {more['steps']} more, seed {more['seed']}" for more in first["more"])
        rest = first_more + (f"; then {recipe['steps']} steps with this gap, seed {recipe['seed']}" if "from" in recipe else "")
        text += f"""Debating: {first["steps"]} steps of 32, rate 1.5e-3, seed {first["seed"]}{rest}: 40 % plain problems as before, 5 % with the own answer to be checked, 22 % debates
simulated from the agents' skills, 33 % debates in a world where the results in this agent's gap are arbitrary but agreed upon. The
target is: where it is sure, its own result; in its gap, what most others hold for that very expression; else its misconception.
So no target holds a truth in the gap that nobody in the prompt said.
"""
    return text + f"""
## Measured
Test problems (split test, seed 1; disjoint from training by numbers and by text), n = {measured.get("n", 0):,} unless said, greedy unless said;
intervals are 95 % paired bootstrap, in points:

{figures}

{"" if student else TRIED}"""


TRIED = """## What was tried
- Gaps that hold in half of the chains, with scattered errors: greedy decoding and votes of samples close them (one agent 33 % to 94 %),
  so no debate is needed. A gap is one fixed misconception now.
- Debates whose targets only ever held the truth (no arbitrary worlds): the debate gains as much with three copies of one agent as with
  three different ones. The agents had learnt to answer better whenever they debate, not to read: the arbitrary worlds take that
  away, and the control with copies measures what is left of it.
- Solving is learnt first: an agent has its full skill before it sees a debate.
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
        (folder / "README.md").write_text(card(name, measured, sum(p.numel() for p in model.parameters())))
        check(folder, model, vocabulary)
        files = {f.name: {"bytes": f.stat().st_size, "sha256": hashlib.sha256(f.read_bytes()).hexdigest()}
                 for f in sorted(folder.iterdir()) if f.name != "README.md"}
        index.append({"id": name, "role": role(name), "name": title(name),
                      "bytes": sum(f["bytes"] for f in files.values()), "parameters": sum(p.numel() for p in model.parameters()),
                      "promptStyle": "compact", "license": "Apache-2.0", "contextLength": config["max_position_embeddings"],
                      "sha256": files["model.safetensors"]["sha256"], "files": files})
        print(name, index[-1]["bytes"])
    write_json(PUBLIC / "index.json", index)
    print("total", sum(f.stat().st_size for f in PUBLIC.rglob("*") if f.is_file()))


TITLES = {"agent-a": "Agent A (cannot subtract)", "agent-b": "Agent B (cannot add)",
          "agent-c": "Agent C (cannot multiply or share)", "student": "Student"}


def role(name):
    """Those that overlap are chosen by their ids; "bundled" does not stand for them."""
    return "student" if name == "student" else "agent" if name in GAPS else "overlap"


def title(name):
    if name in TITLES:
        return TITLES[name]
    letter, overlap = name[len("agent-")].upper(), name.split("-")[2]
    return f"Agent {letter}, {overlap} % of its gap agent A's"


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
