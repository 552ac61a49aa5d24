"""Makes tests/golden/lm/chats.json: chats as transformers renders them, by templates of our own in the shapes that model families
use (their features, not their texts): system and none, 1 to 5 turns, finished and to be answered, with thinking switched.

A template that refuses a system message, or leaves it out, is given it at the head of the first user message: that is Arklet's
rule; everything else is transformers' own rendering.

    .cache/venv/bin/python tests/golden/lm/make-chats.py
"""

import datetime
import json
import pathlib

from jinja2.exceptions import TemplateError
from transformers.utils import chat_template_utils

here = pathlib.Path(__file__).resolve().parent


class Frozen(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 2, 3, 14, 5, 6)


chat_template_utils.datetime = Frozen if isinstance(chat_template_utils.datetime, type) else type("d", (), {"datetime": Frozen})

named = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}

# Blanks outside of tags count: trim_blocks and lstrip_blocks are on.
families = {
    # Header and end of a turn, a default system message, a list of tools.
    "chatml": r"""{%- if tools %}
    {{- '<|im_start|>system\n' }}
    {%- if messages[0].role == 'system' %}{{- messages[0].content + '\n\n' }}{%- endif %}
    {%- for tool in tools %}{{- tool | tojson ~ '\n' }}{%- endfor %}
    {{- '<|im_end|>\n' }}
{%- elif messages[0]['role'] != 'system' %}
    {{- '<|im_start|>system\nYou answer questions.<|im_end|>\n' }}
{%- endif %}
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
{%- endif %}
""",
    # Instructions in brackets, the system message within the first; user and assistant must take turns.
    "bracketed": r"""{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}{% set rule = messages[0]['content'] %}{% else %}{% set rest = messages %}{% set rule = false %}{% endif %}{% for m in rest %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('user and assistant must take turns') }}{% endif %}{% if loop.index0 == 0 and rule != false %}{% set text = '<<SYS>>\n' + rule + '\n<</SYS>>\n\n' + m['content'] %}{% else %}{% set text = m['content'] %}{% endif %}{% if m['role'] == 'user' %}{{ bos_token + '[INST] ' + text.strip() + ' [/INST]' }}{% elif m['role'] == 'assistant' %}{{ ' '  + text.strip() + ' ' + eos_token }}{% endif %}{% endfor %}""",
    # Headers, a date, tools as an argument that may be missing, trimmed contents.
    "headers": r"""{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "1 Jan 2000" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{#- The system message stands apart. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set rule = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set rule = "" %}
{%- endif %}
{{- "<|header|>system<|/header|>\n\n" }}
{%- if tools is not none %}
    {{- "Tools: yes\n" }}
{%- endif %}
{{- "Today: " + date_string + "\n\n" }}
{{- rule }}
{{- "<|turn_end|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|header|>' + message['role'] + '<|/header|>\n\n'+ message['content'] | trim + '<|turn_end|>' }}
    {%- elif message.tool_calls|length != 1 %}
        {{- raise_exception("one tool at a time") }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|header|>assistant<|/header|>\n\n' }}
{%- endif %}
""",
    # No system role at all; the assistant is called model.
    "refusing": r"""{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role here') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<turn>' + role + '\n' + message['content'] | trim + '</turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<turn>model\n' }}{% endif %}""",
    # The template puts the system message before the first turn itself; contents may be lists of parts.
    "parts": r"""{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set before = messages[0]['content'] + '\n\n' -%}
    {%- else -%}
        {%- set before = messages[0]['content'][0]['text'] + '\n\n' -%}
    {%- endif -%}
    {%- set turns = messages[1:] -%}
{%- else -%}
    {%- set before = "" -%}
    {%- set turns = messages -%}
{%- endif -%}
{%- for message in turns -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Turns must alternate") }}
    {%- endif -%}
    {%- set role = "model" if message['role'] == 'assistant' else message['role'] -%}
    {{ '<turn>' + role + '\n' + (before if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'image' -%}{{ '<image>' }}{%- else -%}{{ item['text'] | trim }}{%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("no content") }}
    {%- endif -%}
    {{ '</turn>\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<turn>model\n'}}
{%- endif -%}
""",
    # The system message is silently left out.
    "deaf": r"""{% for m in messages if m.role != 'system' %}{{ '### ' ~ m.role|capitalize ~ ':\n' ~ m.content ~ '\n\n' }}{% endfor %}{% if add_generation_prompt %}### Assistant:
{% endif %}""",
    # The system message goes into the last user turn; roles are counted with filters and a namespace.
    "lastUser": r"""{%- if messages[0]["role"] == "system" %}
    {%- set rule = messages[0]["content"] %}
    {%- set turns = messages[1:] %}
{%- else %}
    {%- set turns = messages %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{%- set asked = turns | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace(index=0) %}
{%- for message in turns %}
    {%- if not (message.role == "tool" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("roles must alternate") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in turns %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == asked[-1]) %}
            {{- "[TOOLS]" + (tools | tojson) }}
        {%- endif %}
        {%- if loop.last and rule is defined %}
            {{- "[I] " + rule + "\n\n" + message["content"] + "[/I]" }}
        {%- else %}
            {{- "[I] " + message["content"] + "[/I]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- else %}
        {{- raise_exception("no such role: " + message["role"]) }}
    {%- endif %}
{%- endfor %}
""",
    # Tags on lines of their own; the end of the text after the last reply alone.
    "lines": r"""{% for message in messages %}
{% if message['role'] == 'system' %}
{{ '<|system|>\n' + message['content'] + '<|end|>' }}
{% elif message['role'] == 'user' %}
{{ '<|user|>\n' + message['content'] + '<|end|>' }}
{% elif message['role'] == 'assistant' %}
{% if not loop.last %}
{{ '<|assistant|>\n'  + message['content'] + eos_token + '\n' }}
{% else %}
{{ '<|assistant|>\n'  + message['content'] + eos_token }}
{% endif %}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>\n' }}
{% endif %}
{% endfor %}
""",
    # A switch; thoughts of earlier turns are left out, the place is found from the end.
    "switched": r"""{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}
{%- endif %}
{%- set ns = namespace(searching=true, last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.searching and message.role == "user" and message.content is string and not(message.content.startswith('<tool>') and message.content.endswith('</tool>')) %}
        {%- set ns.searching = false %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content if message.content is string else '' %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\n' + content + '<|im_end|>' + '\n' }}
    {%- elif message.role == "assistant" %}
        {%- set thoughts = '' %}
        {%- if message.reasoning_content is string %}
            {%- set thoughts = message.reasoning_content %}
        {%- elif '</think>' in content %}
            {%- set thoughts = content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last and (loop.last or thoughts) %}
            {{- '<|im_start|>' + message.role + '\n<think>\n' + thoughts.strip('\n') + '\n</think>\n\n' + content.lstrip('\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\n\n</think>\n\n' }}
    {%- endif %}
{%- endif %}
""",
    # The prompt opens the thoughts; finished replies are without theirs.
    "opening": r"""{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% set ns = namespace(is_first=false, rule='', first_rule=true) %}{%- for message in messages %}{%- if message['role'] == 'system' %}{%- if ns.first_rule %}{% set ns.rule = ns.rule + message['content'] %}{% set ns.first_rule = false %}{%- else %}{% set ns.rule = ns.rule + '\n\n' + message['content'] %}{%- endif %}{%- endif %}{%- endfor %}{{ bos_token }}{{ ns.rule }}{%- for message in messages %}{%- if message['role'] == 'user' %}{{'<User>' + message['content']}}{%- endif %}{%- if message['role'] == 'assistant' and message['content'] is not none %}{% set content = message['content'] %}{% if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}{{'<Assistant>' + content + '<end>'}}{%- endif %}{%- endfor -%}{% if add_generation_prompt %}{{'<Assistant><think>\n'}}{% endif %}""",
    # A switch under another name, with an instruction of its own; documents and a date.
    "named": r"""{%- if messages[0]['role'] == 'system' %}
    {%- set rule = messages[0]['content'] %}
    {%- set turns = messages[1:] %}
{%- else %}
    {%- set rule = "Today is " + strftime_now('%B %d, %Y') + "." %}
    {%- if documents %}
        {%- set rule = rule + " Use the documents." %}
    {%- elif thinking %}
        {%- set rule = rule + " Think between tags first." %}
    {%- endif %}
    {%- set turns = messages %}
{%- endif %}
{{- '<|role|>system<|/role|>' + rule + eos_token + '\n' }}
{%- for message in turns %}
    {{- '<|role|>' + message['role'] + '<|/role|>' + message['content'] + eos_token + '\n' }}
    {%- if loop.last and add_generation_prompt %}
        {{- '<|role|>assistant' }}
        {%- if controls %}{{- ' ' + controls | tojson() }}{%- endif %}
        {{- '<|/role|>' }}
    {%- endif %}
{%- endfor %}
""",
    # No switch, but a word in the messages; the reply within a generation block.
    "word": r"""{% set ns = namespace(quiet=false) %}{% for m in messages %}{% if '/no_think' in m.content %}{% set ns.quiet = true %}{% endif %}{% endfor %}{% for m in messages %}{{ '<' ~ m.role ~ '>' }}{% if m.role == 'assistant' %}{% generation %}{{ m.content ~ '</a>' }}{% endgeneration %}{% else %}{{ m.content | replace('/no_think', '') | replace('/think', '') | trim ~ '</u>' }}{% endif %}
{% endfor %}{% if add_generation_prompt %}<assistant>{% if ns.quiet %}<think></think>{% endif %}{% endif %}""",
    # Macros with defaults, a call block, filters over lists.
    "macros": r"""{%- macro head(role, mark='#') -%}
{{ mark * 2 }} {{ role | upper }}{{ caller() if caller else '' }}
{%- endmacro -%}
{%- set roles = messages | map(attribute='role') | unique | sort | join(', ') -%}
{{ '(' ~ roles ~ ' / ' ~ messages | rejectattr('role', 'equalto', 'assistant') | list | length ~ ')\n' }}
{%- for message in messages -%}
{% call head(message.role) %} {{ loop.index }} of {{ loop.length }}{% endcall %}
{{- '\n' ~ message.content | replace('\n', '\n  ') | trim ~ '\n' -}}
{%- endfor -%}
{%- if add_generation_prompt %}{{ head('assistant', mark='>') }}{{ '\n' }}{% endif -%}
""",
    # Breaks and continues, slices, and loop variables.
    "loops": r"""{%- for message in messages -%}
  {%- if message.role == 'system' -%}{{ message.content | indent(2) ~ '\n' }}{%- continue -%}{%- endif -%}
  {%- for other in messages[loop.index0:] -%}
    {%- if other.role == 'assistant' -%}{{ '[' ~ loop.index0 ~ ']' }}{%- break -%}{%- endif -%}
  {%- endfor -%}
  {{- loop.cycle('A', 'B') ~ ' ' ~ message.content ~ (' ' if not loop.last) ~ loop.revindex ~ (loop.previtem.role[:2] if loop.previtem is defined else '') ~ (loop.nextitem.role[-2:] if loop.nextitem is defined else '') ~ '\n' -}}
{%- else -%}nothing{%- endfor -%}
{%- if add_generation_prompt -%}{{ 'B ' }}{%- endif -%}
""",
    # One line of text: a prefix, roles in capitals, no brackets anywhere.
    "spoken": r"""{% if messages[0]['role'] == 'system' %}{{ messages[0]['content'] + ' ' }}{% set turns = messages[1:] %}{% else %}{{ 'A chat between a user and an assistant. ' }}{% set turns = messages %}{% endif %}{% for m in turns %}{{ {'user': 'USER', 'assistant': 'ASSISTANT'}[m['role']] + ': ' + m['content'].strip() + (' ' if m['role'] == 'user' else eos_token) }}{% endfor %}{{ 'ASSISTANT:' if add_generation_prompt }}""",
    # Channels: only the last reply keeps its analysis.
    "channels": r"""{%- macro message(role, text, channel=none) -%}
    {{- '<|start|>' + role }}
    {%- if channel is not none %}{{- '<|channel|>' + channel }}{%- endif %}
    {{- '<|message|>' + text + '<|end|>' }}
{%- endmacro -%}
{{- message('system', 'Date: ' + strftime_now('%Y-%m-%d') + '\nEffort: ' + (reasoning_effort if reasoning_effort is defined else 'medium')) }}
{%- if messages[0].role in ['developer', 'system'] %}
    {{- message('developer', '# Instructions\n\n' + messages[0].content) }}
    {%- set turns = messages[1:] %}
{%- else %}
    {%- set turns = messages %}
{%- endif %}
{%- for m in turns -%}
    {%- if m.role == 'assistant' -%}
        {%- if loop.last and not add_generation_prompt and '</think>' in m.content -%}
            {{- message('assistant', m.content.split('</think>')[0].replace('<think>', '').strip(), 'analysis') }}
        {%- endif -%}
        {{- message('assistant', m.content.split('</think>')[-1].strip(), channel='final') }}
    {%- else -%}
        {{- message(m.role, m.content) }}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|start|>assistant' }}{%- endif -%}
""",
}

questions = ["What is 2 + 2?", "  And twice that?\n", "Why so \"quick\", <b>&</b> 'sure'?", "größer als 7? 🙂", "Line one\nline two\n\n"]
replies = ["It is 4.", "<think>\ntwice four\n</think>\n\nIt is 8.", "\n\nBecause {{ it }} {% is %} so. ", "Ja: 8 > 7 ✓", "#### 8"]
rule = "Be brief.\nAnswer in one line. "


def conversation(turns, system, finished):
    messages = [{"role": "system", "content": rule}] if system else []
    for turn in range(turns):
        messages.append({"role": "user", "content": questions[turn]})
        if finished or turn < turns - 1:
            messages.append({"role": "assistant", "content": replies[turn]})
    return messages


def render(template, messages, prompt, thinking):
    kwargs = {} if thinking == "auto" else {"enable_thinking": thinking == "on", "thinking": thinking == "on"}
    chats, _ = chat_template_utils.render_jinja_template(
        [messages], chat_template=template, tools=None, documents=None, add_generation_prompt=prompt, **named, **kwargs
    )
    return chats[0]


def folded(template, messages):
    """Arklet's rule for templates that have no place for a system message."""
    if messages[0]["role"] != "system":
        return messages
    try:
        probe = render(template, [{"role": "system", "content": "zqkjx"}, {"role": "user", "content": "qzxjk"}], False, "auto")
        if "zqkjx" in probe.lower():
            return messages
    except TemplateError:
        pass
    return [{"role": "user", "content": messages[0]["content"] + "\n\n" + messages[1]["content"]}, *messages[2:]]


def heard(template, messages, thinking):
    """Arklet's rule for templates that have no switch for thinking and know a word for it."""
    if thinking == "auto" or "/no_think" not in template or "enable_thinking" in template:
        return messages
    last = max(i for i, message in enumerate(messages) if message["role"] == "user")
    word = " /think" if thinking == "on" else " /no_think"
    return [{**message, "content": message["content"] + word} if i == last else message for i, message in enumerate(messages)]


cases = []
for family, template in families.items():
    modes = ["auto", "off", "on"] if "think" in template and family not in ("opening", "channels") else ["auto"]
    for thinking in modes:
        for turns in range(1, 6):
            for system in (False, True):
                for finished in (False, True):
                    if thinking != "auto" and finished:
                        continue
                    messages = heard(template, folded(template, conversation(turns, system, finished)), thinking)
                    text = render(template, messages, not finished, thinking)
                    assert text.count(named["bos_token"]) <= 1 or family == "bracketed"
                    cases.append([family, turns, system, finished, thinking, text])

content = {"named": named, "now": [2026, 2, 3, 14, 5, 6], "rule": rule, "questions": questions, "replies": replies, "families": families, "cases": cases}
print(len(cases))
(here / "chats.json").write_text(json.dumps(content, ensure_ascii=True, separators=(",", ":")) + "\n")
