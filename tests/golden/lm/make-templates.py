"""Makes tests/golden/lm/templates.json: what Python's Jinja2 3.1.6 renders in transformers' own environment, for
hand-written templates and for fragments put together at random (seeded).

    .cache/venv/bin/python tests/golden/lm/make-templates.py
"""

import json
import pathlib
import random
import re

from transformers.utils.chat_template_utils import _compile_jinja_template

here = pathlib.Path(__file__).resolve().parent
random.seed(11)

messages = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "  Hi there\n"},
    {"role": "assistant", "content": "\n    x = 1\n"},
    {"role": "user", "content": "<b>Bye & 'so' \"on\"</b> é😀"},
]
context = {
    "messages": messages,
    "add_generation_prompt": True,
    "tools": None,
    "documents": None,
    "bos_token": "<s>",
    "eos_token": "</s>",
    "n": 7,
    "z": 0,
    "neg": -3,
    "f": 2.5,
    "g": 0.1,
    "s": "Hello, World",
    "t": "  pad\n",
    "u": "naïve ß 😀 ½",
    "e": "",
    "yes": True,
    "no": False,
    "nil": None,
    "l": [3, 1, 2, 2],
    "w": ["b", "A", "c", "a"],
    "m": [1, "x", None, True, 2.5, [1, 2], {"k": "v"}],
    "d": {"b": 1, "a": "two", "items": 3, "get": 4, "n": None},
    "o": {"type": "function", "list": [{"name": "f", "age": 3}, {"name": "g", "age": 1}, {"name": "F", "age": 2}]},
    "rows": [{"k": "x", "v": 1}, {"k": "y", "v": 2}, {"k": "x", "v": 3}],
    "tree": [{"n": 1, "c": [{"n": 2, "c": []}, {"n": 3, "c": [{"n": 4, "c": []}]}]}, {"n": 5, "c": []}],
}

# Whole templates, one construct or several each.
hand = r"""
{% for m in messages %}{{ '<|' + m['role'] + '|>' }}{{ m.content | trim }}{{ eos_token }}{% endfor %}
{%- for m in messages -%}  [{{ loop.index }}/{{ loop.length }} {{ loop.index0 }} {{ loop.revindex }} {{ loop.revindex0 }} {{ loop.first }} {{ loop.last }}]  {%- endfor -%}
{% set x = 1 %}{% for m in messages %}{% set x = x + 1 %}{{ x }}{% endfor %}{{ x }}
{% set ns = namespace(x=1, found=false) %}{% for m in messages %}{% set ns.x = ns.x + 1 %}{{ ns.x }}{% endfor %}{{ ns.x }}{{ ns.found }}{{ ns.missing }}
{{ messages[2].content.strip('\n') }}|{{ messages[2].content.lstrip('\n') }}|{{ messages[2].content.rstrip('\n') }}|{{ messages[2].content.lstrip() }}
{% if tools is not none %}tools{% else %}no tools{% endif %}{% if documents is none %} no documents{% endif %}{% if tools is defined %} defined{% endif %}
{% with a = 1, b = 2 %}{{ a }}{{ b }}{% set c = 3 %}{{ c }}{% endwith %}{{ a is defined }}{{ c is defined }}
{% with %}{% set q = 5 %}{{ q }}{% endwith %}{{ q is defined }}
{% with a = 1 %}{% with a = 2, b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}{% endwith %}
   {%+ if yes %}kept{% endif +%}
next{%- if yes -%}  cut  {%- endif %}
line
   {% if yes %}
   inner
   {% endif %}
end
{# a comment #}x{#- cut -#}   y {#+ kept #}
z
{% raw %}{{ not }} {% this %}{% endraw %}|  {%- raw -%}  {{ x }}  {%- endraw -%}  |
{% if n is eq 7 %}a{% endif %}{% if n is divisibleby 7 %}b{% endif %}{% if n is gt(3) and n is lt 9 %}c{% endif %}{% if n is not ne 7 %}d{% endif %}
{% if n is odd %}odd{% elif n is even %}even{% endif %}{{ z is even }}{{ neg is odd }}{{ f is number }}{{ n is integer }}{{ f is float }}{{ yes is integer }}{{ yes is boolean }}
{{ s is string }}{{ d is mapping }}{{ l is sequence }}{{ l is iterable }}{{ n is iterable }}{{ nil is none }}{{ undefinedname is undefined }}{{ s is defined }}{{ yes is true }}{{ no is false }}{{ n is callable }}{{ range is callable }}
{{ 'a' is in 'abc' }}{{ 3 is in l }}{{ 'b' is in d }}{{ n is sameas n }}{{ s is lower }}{{ 'ABC' is upper }}{{ s is escaped }}{{ (s|e) is escaped }}
{{ 7 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 2 ** 3 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }} {{ 6 / 3 }} {{ 7.0 // 2 }} {{ 1e3 }} {{ 1_000 }} {{ 0x1f }} {{ 0b101 }} {{ 0o17 }}
{{ -2 ** 2 }} {{ (-2) ** 2 }} {{ - n }} {{ +f }} {{ not n }} {{ not not n }} {{ 1 + 2 * 3 - 4 / 2 }} {{ (1 + 2) * 3 }} {{ 10 - 2 - 3 }}
{{ 1.0 }} {{ 0.1 + 0.2 }} {{ 1e16 }} {{ 1e15 }} {{ 1e-5 }} {{ 0.0001 }} {{ 123456789.123 }} {{ 1e22 }} {{ 100.0 * 3 }} {{ 1.5e300 * 1e10 }}
{{ 1 == 1.0 }}{{ true == 1 }}{{ 'a' < 'b' }}{{ [1, 2] < [1, 3] }}{{ (1, 2) == (1, 2) }}{{ [1] == (1,) }}{{ 1 < 2 < 3 }}{{ 1 < 3 < 2 }}{{ nil == none }}{{ {'a': 1} == {'a': 1.0} }}
{{ 'a' ~ 1 ~ none ~ true ~ 2.5 ~ [1, 'x'] ~ undefinedname }}|{{ 'a' + 'b' }}|{{ 'ab' * 3 }}|{{ [1] * 2 }}|{{ [1] + [2] }}|{{ (1,) + (2,) }}|{{ 3 * 'x' }}
{{ none }}{{ true }}{{ false }}{{ None }}{{ True }}{{ [] }}{{ {} }}{{ () }}{{ (1,) }}{{ (1, 2) }}{{ 1, 2 }}{{ undefinedname }}
{{ m }}|{{ d }}|{{ messages[1] }}|{{ u }}|{{ [u, "it's", 'say "x"', "both ' and \"", "tab\t\n\\", "\x00\u200b"] }}
{{ 'single' "double" 'joined' }}{{ 'esc\n\t\'\\ \u00e9 \x41 \101' }}{{ "q\"q" }}
{% for c in 'héy😀' %}[{{ c }}]{% endfor %}{% for k in d %}{{ k }},{% endfor %}{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}
{% for k, v in d | dictsort %}{{ k }}={{ v }};{% endfor %}{% for i in range(3) %}{{ i }}{% endfor %}{% for i in range(1, 10, 3) %}{{ i }},{% endfor %}{% for i in range(5, 0, -2) %}{{ i }}{% endfor %}
{% for x in l if x > 1 %}{{ loop.index }}:{{ x }} {% else %}none{% endfor %}{% for x in [] %}x{% else %}empty{% endfor %}{% for x in l if x > 9 %}x{% else %}nothing{% endfor %}
{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% if loop.index == 3 %}{% break %}{% endif %}{% endfor %}
{% for x in l %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {{ loop.cycle('a', 'b') }} {{ loop.changed(x) }};{% endfor %}
{% for a, b in [(1, 2), [3, 4], 'xy'] %}{{ a }}{{ b }} {% endfor %}{% for (a, (b, c)) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}
{% for x in [1, 2] %}{% for y in [3, 4] %}{{ loop.index }}{{ x }}{{ y }} {% endfor %}{{ loop.index }};{% endfor %}
{%- for item in tree recursive %}{{ item.n }}({{ loop.depth }}{{ loop.depth0 }}{% if item.c %}{{ loop(item.c) }}{% endif %}){%- endfor %}
{% set outer = 'o' %}{% for x in [1, 2] %}{% set outer = outer ~ x %}{{ outer }}{% for y in [1] %}{% set outer = 'i' %}{{ outer }}{% endfor %}{{ outer }};{% endfor %}{{ outer }}
{% if yes %}{% set v = 1 %}{% else %}{% set v = 2 %}{% endif %}{{ v }}{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set (p, q) = [3, 4] %}{{ p }}{{ q }}{% set tup = 1, %}{{ tup }}
{% set block %}in {{ n }} block{% endset %}[{{ block }}]{% set up | upper | replace('A', '4') %}banana{% endset %}{{ up }}{% set block2 | trim %}  x  {% endset %}[{{ block2 }}]
{% macro hello(name, greet='Hi', *args) %}{% endmacro %}
{% macro hello(name, greet='Hi') %}{{ greet }} {{ name }}!{% endmacro %}{{ hello('A') }}{{ hello('B', 'Yo') }}{{ hello(greet='Z', name='C') }}{{ hello() }}
{% macro deep(x) %}{{ x }}{% if x > 0 %}{{ deep(x - 1) }}{% endif %}{% endmacro %}{{ deep(4) }}{% set r = deep(2) %}{{ r | length }}{{ r is string }}
{% macro v() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ v(1, 2, a=3) }}{{ v.name }}{{ v.arguments }}
{% macro d2(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ d2(1) }}{{ d2(1, 2) }}{% set g2 = 'out' %}{% macro see() %}{{ g2 }}{% set g2 = 'in' %}{{ g2 }}{% endmacro %}{{ see() }}{{ g2 }}
{% macro box(t) %}<{{ t }}>{{ caller() }}</{{ t }}>{% endmacro %}{% call box('b') %}inner {{ n }}{% endcall %}{% macro each(xs) %}{% for x in xs %}{{ caller(x, loop.index) }}{% endfor %}{% endmacro %}{% call(x, i) each(w) %}{{ i }}{{ x }},{% endcall %}
{% filter upper %}shout {{ s }}{% endfilter %}{% filter replace('o', '0') | trim %}  foo {% endfilter %}
{% generation %}made{% set inside = 1 %}{% endgeneration %}{{ inside is defined }}
{% print 'printed' %}{% block b %}block{{ n }}{% endblock %}{% block c %}{% endblock c %}
{{ l[0] }}{{ l[-1] }}{{ l[9] }}{{ l[1:] }}{{ l[:2] }}{{ l[::-1] }}{{ l[::2] }}{{ s[0] }}{{ s[-1] }}{{ s[1:4] }}{{ s[::-1] }}{{ u[-3:] }}{{ l[-2:] }}{{ l[5:] }}{{ messages[-1].role }}{{ messages[1:][0].role }}
{{ d.b }}{{ d['a'] }}{{ d.items is callable }}{{ d['items'] }}{{ d.get('zz') }}{{ d.get('zz', 9) }}{{ d.get('b') }}{{ d.missing }}{{ d['missing'] is defined }}{{ d.keys() | list }}{{ d.values() | list }}{{ d.keys() }}{{ d.items() }}
{{ o.list[0].name }}{{ o['list'][1]['age'] }}{{ o.list.0.name }}{{ n.foo is defined }}{{ s.foo }}{{ l.foo }}
{{ s.upper() }}{{ s.lower() }}{{ s.title() }}{{ s.capitalize() }}{{ s.swapcase() }}{{ s.split(', ') }}{{ s.split() }}{{ s.split('o', 1) }}{{ s.rsplit('o', 1) }}{{ t.split() }}{{ 'a,,b'.split(',') }}{{ ' a  b '.split(' ') }}{{ 'a b c'.split(None, 1) }}{{ ' a b c '.rsplit(None, 1) }}
{{ s.find('o') }}{{ s.find('zz') }}{{ s.rfind('o') }}{{ s.index('W') }}{{ s.count('o') }}{{ s.count('l', 4) }}{{ s.count('') }}{{ s.startswith('He') }}{{ s.endswith(('x', 'd')) }}{{ s.startswith('W', 7) }}{{ u.find('😀') }}{{ u.find('½') }}
{{ s.replace('o', '0') }}{{ s.replace('o', '0', 1) }}{{ 'ab'.replace('', '-') }}{{ s.partition(', ') }}{{ s.rpartition('o') }}{{ s.partition('z') }}{{ s.splitlines() }}{{ 'a\nb\r\nc\n'.splitlines() }}{{ 'a\nb'.splitlines(true) }}
{{ 'x'.center(5) }}|{{ 'xy'.center(5, '*') }}|{{ 'xy'.ljust(4) }}|{{ 'xy'.rjust(4, '.') }}|{{ '7'.zfill(3) }}|{{ '-7'.zfill(4) }}|{{ 'a\tb'.expandtabs(4) }}|{{ 'preX'.removeprefix('pre') }}{{ 'Xsuf'.removesuffix('suf') }}
{{ '-'.join(w) }}{{ ''.join(['a', 'b']) }}{{ '12'.isdigit() }}{{ 'a1'.isalnum() }}{{ 'ab'.isalpha() }}{{ ' '.isspace() }}{{ ''.isspace() }}{{ 'Ab'.istitle() }}{{ 'ab'.islower() }}{{ 'A1'.isupper() }}{{ '½'.isnumeric() }}{{ '½'.isdecimal() }}{{ '²'.isdigit() }}
{{ '{} and {}'.format(1, 'x') }}{{ '{1}{0}'.format('a', 'b') }}{{ '{n:>5}|{n:<5}|{n:^5}|{n:05d}'.format(n=42) }}{{ '{:.2f} {:,} {:x} {:e} {:%} {!r}'.format(3.14159, 1234567, 255, 12345.678, 0.25, 'q') }}{{ '{0[k]} {0.k}'.format({'k': 1}) }}{{ '{{}}'.format() }}
{{ '%s-%d-%5.2f-%x-%05d-%-4s|%+d %%' % ('a', 3.9, 2.345, 255, 42, 'b', 5) }}{{ '%s' % 'one' }}{{ '%(a)s %(b)d' % {'a': 1, 'b': 2} }}{{ '%r' % 'q' }}{{ '%g %g %e' % (0.00001, 1234567.0, 12.5) }}
{{ "%s, %s!" | format('a', 'b') }}{{ "%d%%" | format(5) }}{{ "%(x)s" | format(x=1) }}
{{ 2.5 | round }} {{ 3.5 | round }} {{ 2.567 | round(2) }} {{ 2.1 | round(0, 'ceil') }} {{ 2.9 | round(0, 'floor') }} {{ 7 | round }} {{ 1234 | round(-2) }} {{ 0.5 | round }} {{ 1.005 | round(2) }} {{ 2.675 | round(2) }} {{ -2.5 | round }}
{{ '<a href="x">\'&' | e }}{{ '<' | escape | e }}{{ '<' | e ~ '<' }}{{ ('<' | e) + '<' }}{{ '<b>' | safe }}{{ '<p>x <i>y</i></p>' | striptags }}{{ '<' | forceescape }}{{ ('<a>' | e).upper() }}
{{ w | map('upper') | list }}{{ w | map('trim') | join('-') }}{{ o.list | map(attribute='name') | join(',') }}{{ rows | map(attribute='v') | sum }}{{ o.list | map(attribute='zz', default='?') | list }}{{ w | map('replace', 'a', 'z') | list }}{{ ['1', '2'] | map('int') | sum }}
{{ rows | selectattr('k', 'equalto', 'x') | list }}{{ rows | selectattr('k') | list | length }}{{ rows | rejectattr('v', 'gt', 1) | map(attribute='v') | list }}{{ l | select('odd') | list }}{{ l | reject('gt', 2) | list }}{{ m | select | list | length }}{{ l | select('in', [1, 2]) | list }}{{ messages | selectattr('role', '==', 'user') | list | length }}
{{ l | sort }}{{ w | sort }}{{ w | sort(case_sensitive=true) }}{{ l | sort(reverse=true) }}{{ o.list | sort(attribute='age') | map(attribute='name') | join }}{{ rows | sort(attribute='k,v', reverse=true) | map(attribute='v') | list }}{{ l | unique | list }}{{ w | unique | list }}{{ ['a', 'A', 'b'] | unique | join }}
{{ l | first }}{{ l | last }}{{ l | length }}{{ l | count }}{{ s | length }}{{ u | length }}{{ d | length }}{{ l | min }}{{ l | max }}{{ w | max }}{{ w | min(case_sensitive=true) }}{{ l | sum }}{{ rows | sum(attribute='v') }}{{ l | sum(start=10) }}{{ [] | first }}{{ [] | max }}{{ rows | max(attribute='v') }}
{{ l | join }}{{ l | join(', ') }}{{ rows | join('+', attribute='v') }}{{ l | reverse | list }}{{ s | reverse }}{{ l | list }}{{ 'ab' | list }}{{ d | list }}{{ 5 | string ~ 1 }}{{ '5' | int + 1 }}{{ '5.7' | int }}{{ 'x' | int }}{{ 'x' | int(7) }}{{ '0x1f' | int(base=16) }}{{ 2.9 | int }}{{ '2.5' | float }}{{ 'x' | float }}{{ n | float }}
{{ undefinedname | default('d') }}{{ '' | default('d') }}{{ '' | default('d', true) }}{{ nil | d('x') }}{{ nil | d('x', true) }}{{ undefinedname | d }}|{{ d.zz | default(d.b) }}
{{ s | truncate(5) }}{{ s | truncate(8, true) }}{{ s | truncate(8, false, '~', 0) }}{{ s | truncate(9, leeway=0) }}{{ s | center(20) }}|{{ 'foo bar baz' | title }}{{ "it's o-k (x)" | title }}{{ 'hELLO' | capitalize }}{{ 'a b  c' | wordcount }}{{ s | upper }}{{ s | lower }}{{ t | trim }}{{ 'xxaxx' | trim('x') }}{{ -5 | abs }}{{ -2.5 | abs }}
{{ 'a\nb\n\nc' | indent }}|{{ 'a\nb' | indent(2, true) }}|{{ 'a\n\nb' | indent(2, blank=true) }}|{{ 'a\nb' | indent('> ') }}|{{ 'a\n' | indent(1) }}|
{{ l | batch(2) | list }}{{ l | batch(3, 'x') | list }}{{ l | slice(3) | list }}{{ l | slice(3, 'x') | list }}{{ 'a b/c?é' | urlencode }}{{ {'a': 'b c', 'd': 1} | urlencode }}
{% for g, items in rows | groupby('k') %}{{ g }}:{{ items | map(attribute='v') | join(',') }};{% endfor %}{% for g in rows | groupby('k') %}{{ g.grouper }}{{ g.list | length }}{% endfor %}
{{ d | tojson }}{{ m | tojson }}{{ u | tojson }}{{ messages | tojson }}{{ d | tojson(indent=2) }}{{ u | tojson(ensure_ascii=true) }}{{ d | tojson(separators=(',', ':')) }}{{ {'b': 1, 'a': [1, {}], 'c': []} | tojson(indent=4, sort_keys=true) }}{{ [1.0, 1e20, true, none] | tojson }}{{ '<&>\'"' | tojson }}
{{ d | items | list }}{{ d | dictsort(by='key', reverse=true) }}{{ {'a': 2, 'b': 1} | dictsort(by='value') }}{{ s | attr('upper') is callable }}{{ d | attr('b') is defined }}
{{ 'yes' if yes else 'no' }}{{ 'yes' if no }}{{ 'a' if no else 'b' if no else 'c' }}{{ ('x' if yes) ~ 'y' }}{{ 1 if 0 or 2 and 3 else 4 }}
{{ yes and 'a' }}{{ no and 'a' }}{{ no or 'b' }}{{ '' or nil or 'c' }}{{ not yes or yes }}{{ n in l or n not in l }}{{ 'el' in s }}{{ 'zz' not in s }}{{ 2 in l }}{{ 'b' in d }}{{ not 2 in l }}{{ nil in m }}
{{ dict(a=1, b=2) }}{{ dict({'x': 1}, y=2) }}{{ dict([('p', 1)]) }}{{ {1: 'a', true: 'b', 'c': {}} }}{{ {'a': 1,} }}{{ [1, 2,] }}{{ dict.fromkeys(['a', 'b'], 0) }}
{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{% set j = joiner('|') %}{% for x in l %}{{ j() }}{{ x }}{% endfor %}
{% set f2 = messages | map(attribute='role') %}{{ f2 | list | length }}{{ f2 | list | length }}{{ range(3) }}{{ range(3) | list }}{{ range(5)[1] }}{{ range(10) | length }}
{%- if messages[0]['role'] == 'system' %}{%- set loop_messages = messages[1:] %}{%- set system = messages[0].content %}{%- else %}{%- set loop_messages = messages %}{%- endif %}{{ system }}{% for m in loop_messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('no') }}{% endif %}[{{ m.role }}]{{ m.content.strip() }}{% endfor %}
{%- for message in messages %}{%- if message['role'] == 'user' %}{{- '[INST] ' + message['content']|trim + ' [/INST]' -}}{%- elif message.role == 'assistant' %}{{- ' ' ~ message.content|trim ~ eos_token -}}{%- endif %}{%- endfor %}
{{ raise_exception('bad ' ~ n) }}
{{ undefinedname.x }}
{{ undefinedname + 1 }}
{{ undefinedname() }}
{{ 'a' + 1 }}
{{ l.append(1) }}
{{ nil.x.y }}
{{ [1, 2] | join(3) }}{{ l | map('nofilter') | list }}
{{ s | nofilter }}
{{ s is notest }}
{% unknowntag %}
{% if yes %}never closed
{{ unclosed
{{ 1 / 0 }}
{{ 'x' < 1 }}
{% for a, b in [(1, 2, 3)] %}{% endfor %}
{{ range(200000) | length }}
{{ l | sort(attribute='x.y') }}
{% set ns = {} %}{% set ns.x = 1 %}
{{ m | sort }}
{{ ''.__class__ }}{{ d.__class__ is defined }}{{ s._x is defined }}
{{ messages | length is gt 3 }}{{ messages|length > 3 and 'long' }}{{ n is not none and n > 3 }}{{ not n is none }}{{ n is defined and n is not none }}
{{ "a" "b" | upper }}{{ -1 | abs }}{{ 1 + 2 | float }}{{ 'a' ~ 'b' | upper }}{{ 'x' * 2 | int }}{{ (1, 2) | length }}{{ [1, 2][0] | string }}{{ d['a'].upper() | lower }}{{ -l[0] }}
  {{ n }}  
	{%- set k = 1 -%}	
 {% set j = 2 %}  
{{ k }}{{ j }}
A {%- if yes %} B {% endif -%} C
{{- ' x ' -}}   {{ 'y' }}
{{ 'trailing newline' }}

""".strip("\n").split("\n{{ 'trailing newline' }}")[0].split("\n")
# Templates of several lines, kept together.
joined = []
several = ("   {%+ if", "{# a comment", "  {{ n }}  ", "line", "A {%-")
text = "\n".join(hand)
blocks = {
    "   {%+ if yes %}kept{% endif +%}\nnext{%- if yes -%}  cut  {%- endif %}\nline\n   {% if yes %}\n   inner\n   {% endif %}\nend",
    "{# a comment #}x{#- cut -#}   y {#+ kept #}\nz",
    "  {{ n }}  \n\t{%- set k = 1 -%}\t\n {% set j = 2 %}  \n{{ k }}{{ j }}\nA {%- if yes %} B {% endif -%} C\n{{- ' x ' -}}   {{ 'y' }}",
}
for block in blocks:
    assert block in text, block
    text = text.replace(block, "")
templates = [line for line in text.split("\n") if line] + sorted(blocks)
templates += ["x\n", "x\n\n", "{{ n }}\n", "{% if yes %}\nx\n{% endif %}\n", "a\r\nb\r{% if yes %}\r\nc{% endif %}", "  {% if yes %}  \n x", "", "\n", "{{ '\n' }}", "{% raw %}\n{{ x }}\n{% endraw %}\ny", "  {# c #}\nx", "a  {#- c -#}  b"]

# Expressions put together at random.
atoms = ["n", "z", "neg", "f", "g", "s", "t", "u", "e", "yes", "no", "nil", "l", "w", "m", "d", "o", "rows", "missing", "1", "0", "2.5", "'a'", "'o'", "''", "' '", "none", "true", "[1, 2]", "['x']", "(1, 2)", "{'a': 1}", "messages", "range(3)", "d.b", "l[0]", "s[1:3]", "messages[0].content", "o.list"]
methods = ["upper()", "lower()", "strip()", "strip('H')", "lstrip()", "rstrip('d ')", "split()", "split('o')", "title()", "capitalize()", "find('o')", "count('o')", "replace('o', '0')", "startswith('H')", "endswith('d')", "items()", "keys()", "get('b')", "get('q', 1)", "isdigit()", "splitlines()", "b", "items", "role", "partition('o')", "zfill(4)", "center(9)", "isupper()", "index(2)", "join(w)"]
filters = ["trim", "upper", "lower", "title", "length", "list", "first", "last", "join", "join(',')", "string", "int", "float", "abs", "round", "round(1)", "tojson", "sort", "reverse", "sum", "max", "min", "unique", "default('q')", "default('q', true)", "e", "capitalize", "replace('o', '0')", "map('string')", "map('upper')", "select('defined')", "select", "reject('none')", "list | length", "dictsort", "items", "batch(2)", "truncate(4)", "indent", "wordcount", "center(7)", "safe", "map(attribute='k')", "selectattr('k')", "string | length", "count", "striptags", "urlencode", "groupby('k')", "slice(2)", "format(1)"]
tests = ["defined", "undefined", "none", "string", "number", "mapping", "iterable", "sequence", "odd", "even", "true", "false", "boolean", "integer", "float", "eq 1", "ne(1)", "gt 0", "lt(2)", "in [1, 'a']", "divisibleby 2", "divisibleby(3)", "sameas none", "upper", "lower", "callable", "equalto 'a'", "ge 1", "le(1)", "escaped"]
binary = ["+", "-", "*", "/", "//", "%", "~", "==", "!=", "<", ">", "<=", ">=", "in", "not in", "and", "or", "**"]


def expression(depth):
    kind = random.random()
    if depth == 0 or kind < 0.18:
        return random.choice(atoms)
    if kind < 0.4:
        return f"{expression(depth - 1)} | {random.choice(filters)}"
    if kind < 0.55:
        return f"({expression(depth - 1)}).{random.choice(methods)}"
    if kind < 0.75:
        return f"{expression(depth - 1)} {random.choice(binary)} {expression(depth - 1)}"
    if kind < 0.87:
        return f"{expression(depth - 1)} is {random.choice(['', 'not '])}{random.choice(tests)}"
    if kind < 0.91:
        return f"{random.choice(['-', '+', 'not '])}({expression(depth - 1)})"
    if kind < 0.95:
        return f"({expression(depth - 1)})[{random.choice(['0', '-1', '1:', ':2', '::-1', '::2', repr('b'), repr('k'), '9'])}]"
    return f"({expression(depth - 1)} if {expression(depth - 1)} else {expression(depth - 1)})"


def statement(depth):
    kind = random.random()
    if depth == 0 or kind < 0.35:
        return random.choice(["{{ %s }}", "{{- %s }}", "{{ %s -}}"]) % expression(2)
    blank = lambda: random.choice(["", " ", "\n", "  \n ", "\n\n", "x"])  # noqa: E731
    body = lambda: blank() + statement(depth - 1) + blank()  # noqa: E731
    tag = lambda inner: random.choice(["{%% %s %%}", "{%%- %s %%}", "{%% %s -%%}", "{%%- %s -%%}", "{%%+ %s %%}", "{%% %s +%%}"]) % inner  # noqa: E731
    name = random.choice(["n", "s", "v", "q"])
    if kind < 0.5:
        return tag(f"if {expression(1)}") + body() + random.choice(["", tag("else") + body(), tag(f"elif {expression(1)}") + body()]) + tag("endif")
    if kind < 0.7:
        return tag(f"for {name} in {random.choice(['l', 'w', 'rows', 'd', 's', 'range(3)', 'messages', '[]'])}{random.choice(['', '', ' if loop', f' if {name} != 1'][:2] + [f' if {name} != 1'])}") + body() + random.choice(["{{ loop.index }}", "{{ %s }}" % name, ""]) + tag("endfor")
    if kind < 0.82:
        return tag(f"set {name} = {expression(1)}") + body() + "{{ %s }}" % name
    if kind < 0.88:
        return tag(f"with {name} = {expression(1)}") + body() + tag("endwith") + "{{ %s }}" % name
    if kind < 0.93:
        return tag(f"set {name}") + body() + tag("endset") + "[{{ %s }}]" % name
    return tag(f"macro mm({name}, k=1)") + body() + "{{ k }}" + tag("endmacro") + "{{ mm(%s) }}" % expression(1)


fuzz = list(dict.fromkeys(["{{ %s }}" % expression(random.randint(1, 3)) for _ in range(2600)] + [statement(3) + random.choice(["", "\n", "|"]) + statement(2) for _ in range(900)]))


def render(template):
    try:
        out = _compile_jinja_template(template).render(**json.loads(json.dumps(context)))
        # Addresses of Python objects are no text.
        hidden = re.search(r" at 0x|<function|<built-in|<bound|<class|<generator", out, re.I) or re.search("wordcount|string|center|e \\|", template) and re.search("items|slice|batch|select|reject|map|unique", template)
        return None if hidden else {"text": out}
    except Exception as error:
        return {"error": type(error).__name__}


cases = []
for kind, list_ in (("hand", templates), ("fuzz", fuzz)):
    for template in list_:
        result = render(template)
        if result is not None and len(json.dumps(result)) < 4000:
            cases.append({"kind": kind, "template": template, **result})
good = [case for case in cases if "text" in case]
# Of those that fail a part is enough.
bad = [case for case in cases if "error" in case]
bad = [case for case in bad if case["kind"] == "hand"] + [case for case in bad if case["kind"] == "fuzz"][:400]
print(len(good), len(bad))
(here / "templates.json").write_text(json.dumps({"context": context, "cases": good + bad}, ensure_ascii=True, separators=(",", ":")) + "\n")
