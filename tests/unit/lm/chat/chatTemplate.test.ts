/** Chats of tests/golden/lm/make-chats.py: transformers 5.23 with Jinja2 3.1.6, through templates in the shapes of sixteen families. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ModelError } from '../../../../src/core/errors';
import { ChatTemplate, type ChatOptions } from '../../../../src/lm/chat/chatTemplate';
import { createTokenizer } from '../../../../src/lm/tokenizer';
import type { Message } from '../../../../src/records/records';
import { opensThoughts, type ThinkingMode } from '../../../../src/records/thoughts';

type Case = [
  family: string,
  turns: number,
  system: boolean,
  finished: boolean,
  thinking: ThinkingMode,
  text: string,
];
interface Golden {
  readonly named: Record<string, string>;
  readonly now: [number, number, number, number, number, number];
  readonly rule: string;
  readonly questions: readonly string[];
  readonly replies: readonly string[];
  readonly families: Record<string, string>;
  readonly cases: readonly Case[];
}
const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../golden/lm/chats.json'), 'utf8'),
) as Golden;

beforeAll(() => {
  const [year, month, ...rest] = golden.now;
  vi.useFakeTimers({ now: new Date(year, month - 1, ...rest), toFake: ['Date'] });
});
afterAll(() => {
  vi.useRealTimers();
});

function conversation(turns: number, system: boolean, finished: boolean): Message[] {
  const { questions, replies, rule } = golden;
  const messages: Message[] = system ? [{ role: 'system', content: rule }] : [];
  for (let turn = 0; turn < turns; turn++) {
    messages.push({ role: 'user', content: questions[turn]! });
    if (finished || turn < turns - 1) messages.push({ role: 'assistant', content: replies[turn]! });
  }
  return messages;
}

describe.each(Object.entries(golden.families))('a template in the shape %s', (family, source) => {
  const template = new ChatTemplate(source, golden.named, 'm');
  const own = golden.cases.filter(([name]) => name === family);

  it(`renders ${own.length} chats as transformers does`, () => {
    expect(own.length).toBeGreaterThanOrEqual(20);
    const wrong = own.flatMap(([, turns, system, finished, thinking, want]) => {
      const options = { addGenerationPrompt: !finished, thinking };
      const got = template.text(conversation(turns, system, finished), options);
      return got === want ? [] : [{ turns, system, finished, thinking, got, want }];
    });
    expect(wrong.slice(0, 3)).toEqual([]);
  });

  it('loses no word of a system message', () => {
    const text = template.text(conversation(1, true, false), { addGenerationPrompt: true });
    for (const word of golden.rule.trim().split(/\s+/)) expect(text).toContain(word);
  });
});

describe('where thoughts begin', () => {
  const prompt = (family: string, thinking: ThinkingMode): string =>
    new ChatTemplate(golden.families[family]!, golden.named, 'm').text(conversation(1, false, false), {
      addGenerationPrompt: true,
      thinking,
    });

  it('is told by the end of the prompt', () => {
    expect(opensThoughts(prompt('opening', 'off'))).toBe(true);
    for (const thinking of ['off', 'auto', 'on'] as const)
      expect(opensThoughts(prompt('switched', thinking)), thinking).toBe(false);
    expect(opensThoughts(prompt('chatml', 'auto'))).toBe(false);
  });
});

describe('a template that goes wrong', () => {
  const ask = (
    source: string,
    messages = conversation(1, false, false),
    options: Partial<ChatOptions> = {},
  ) => new ChatTemplate(source, {}, 'Some model').text(messages, { addGenerationPrompt: true, ...options });
  const nested = (depth: number): string => `${'{% if 1 %}'.repeat(depth)}x${'{% endif %}'.repeat(depth)}`;

  it.each([
    [
      'counts without end',
      '{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}',
      /steps|characters/,
    ],
    [
      'doubles a text again and again',
      "{% set ns = namespace(t='x') %}{% for i in range(60) %}{% set ns.t = ns.t + ns.t %}{% endfor %}{{ ns.t }}",
      /text of more than/,
    ],
    ['repeats a text', "{{ 'x' * 999999999 }}", /text of more than/],
    [
      'writes without end',
      '{% for i in range(99999) %}{{ messages[0].content * 99 }}{% endfor %}',
      /more than|too much/,
    ],
    [
      'calls itself',
      '{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}',
      /macros call each other|deeply/,
    ],
    ['loops into itself', '{% for x in [[]] recursive %}{{ loop([[]]) }}{% endfor %}', /deep/],
    ['is nested too deeply', nested(20_000), /deep/],
    ['makes a large range', '{% for i in range(10 ** 9) %}{% endfor %}', /range/],
    [
      'sorts without end',
      '{% for i in range(9999) %}{{ range(99999) | list | sort | first }}{% endfor %}',
      /too much text|steps/,
    ],
    [
      'makes a list of lists',
      '{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = ns.l + ns.l %}{% endfor %}',
      /more than|too much/,
    ],
    ['pads', "{{ 'x' | center(999999999) }}", /text of more than/],
    [
      'replaces to a large text',
      "{% set ns = namespace(t='xx') %}{% for i in range(40) %}{% set ns.t = ns.t | replace('x', 'xx') %}{% endfor %}{{ ns.t }}",
      /more than|too much/,
    ],
    [
      'joins a large list',
      "{{ range(99999) | map('string') | join('x' * 99999) }}",
      /text of more than|too much/,
    ],
    ['formats a large text', "{{ '%999999999d' % 1 }}", /more than|too much|format/],
  ])('is stopped: one that %s', (_, source, reason) => {
    const began = performance.now();
    let thrown: unknown;
    try {
      ask(source);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ModelError);
    expect((thrown as ModelError).message).toMatch(/^The chat template of Some model (was stopped|failed)/);
    // On a slow machine it is time that runs out first.
    expect((thrown as ModelError).message).toMatch(new RegExp(`${reason.source}|seconds`));
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it('says in words what it refuses', () => {
    const source = `{{ raise_exception('Conversation roles must alternate user/assistant!') }}`;
    expect(() => ask(source)).toThrow(
      'The chat template refused the messages: Conversation roles must alternate user/assistant!.',
    );
  });

  it('says that it cannot be read, with the line', () => {
    expect(() => ask('a\nb {% if %}')).toThrow(/Some model cannot be read: .*\(line 2\)/);
    expect(() => ask('{% import "other" as other %}')).toThrow(/cannot be read/);
  });

  it('is not given the system message another way where it refuses the rest as well', () => {
    expect(() => ask(`{{ raise_exception('never') }}`, conversation(1, true, false))).toThrow(/refused/);
  });
});

describe('a system message that a template refuses', () => {
  const { refusing } = golden.families;
  const template = new ChatTemplate(refusing!, golden.named, 'm');
  const prompt = (messages: Message[]) => template.text(messages, { addGenerationPrompt: true });

  it('stands at the head of the first user message', () => {
    expect(
      prompt([
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ]),
    ).toBe('<s><turn>user\nBe brief.\n\nHi</turn>\n<turn>model\n');
  });

  it('is a user message where there is none', () => {
    expect(prompt([{ role: 'system', content: 'Be brief.' }])).toBe(
      '<s><turn>user\nBe brief.</turn>\n<turn>model\n',
    );
  });
});

it('a prompt begins with one token of beginning, whatever tokenizer and template add', () => {
  const vocab = Object.fromEntries([...'<s>/urtn eol\nmdBbif.H'].map((one, i) => [one, i]));
  const json = (post: unknown) => ({
    model: { type: 'BPE', vocab: { ...vocab, '<bos>': 90 }, merges: [], unk_token: '.' },
    added_tokens: [
      {
        id: 90,
        content: '<bos>',
        special: true,
        normalized: false,
        single_word: false,
        lstrip: false,
        rstrip: false,
      },
    ],
    post_processor: post,
  });
  const adds = {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<bos>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
    special_tokens: { '<bos>': { id: '<bos>', ids: [90], tokens: ['<bos>'] } },
  };
  for (const post of [null, adds]) {
    const tokenizer = createTokenizer(json(post), {
      bos_token: '<bos>',
      chat_template: golden.families['refusing']!,
    });
    const ids = tokenizer.chatIds([{ role: 'user', content: 'Hi' }], { addGenerationPrompt: true });
    expect(ids.filter((id) => id === 90)).toEqual([90]);
    expect(ids[0]).toBe(90);
  }
});
