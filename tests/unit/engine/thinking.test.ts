/** A tiny random model (tests/golden/lm/qwen3) with chat templates that open thoughts, switch them off, refuse or never end. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { ModelError } from '../../../src/core/errors';
import { filesSource } from '../../../src/core/fileSource';
import { loadEngineModel, type EngineModel } from '../../../src/engine/engineModel';
import type { Sampling } from '../../../src/records/records';

const folder = join(import.meta.dirname, '../../golden/lm/qwen3');
const weights = Object.fromEntries(
  readdirSync(folder)
    .filter((name) => !name.startsWith('golden'))
    .map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]),
);
const letters = [...'<>/\n thinkqaue?+=0123456789bcdfgjlmoprsvwxyz.,:;!ABCDEFGHI'].slice(0, 59);
const vocab = Object.fromEntries(letters.map((one, i) => [one, i]));

let model: EngineModel | null = null;
afterEach(async () => {
  await model?.dispose();
  model = null;
});

async function load(template: string): Promise<EngineModel> {
  const bytes = (value: object) => new TextEncoder().encode(JSON.stringify(value));
  const files = {
    ...weights,
    'tokenizer.json': bytes({
      model: { type: 'BPE', vocab, merges: [] },
      added_tokens: [],
      decoder: { type: 'Fuse' },
    }),
    'tokenizer_config.json': bytes({ chat_template: template }),
  };
  model = await loadEngineModel(filesSource(files, 'tiny'), await createWasmBackend(), {
    id: 'tiny',
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  return model;
}

const sampling: Sampling = { temperature: 0, topP: 1, seed: 0, maxTokens: 8, thinkingBudget: 9 };
const messages = [{ role: 'user' as const, content: '2+2?' }];
const body = "{% for m in messages %}{{ m.role[0] + ':' + m.content + '\n' }}{% endfor %}";
const opening = `${body}{% if add_generation_prompt %}a:<think>\n{% endif %}`;
const plain = `${body}{% if add_generation_prompt %}a:{% endif %}`;

it('thinks for its budget, has its thoughts closed, and answers from there', async () => {
  const { generate, tokenizer } = await load(opening);
  const told: string[] = [];
  const said = await generate({ messages, sampling, adapter: null }, { onText: (text) => told.push(text) });
  const forced = tokenizer.encode('\n</think>\n\n', { addSpecial: false });
  expect(said.usage.completion).toBe(9 + forced.length + 8);
  expect(said.replyIds?.slice(9, 9 + forced.length)).toEqual(forced);
  expect(said.usage.thoughts).toBe(9 + '\n</think>'.length);
  expect(said.logprobKind).toBeNull();
  expect(said.finishReason).toBe('length');
  expect(told.join('')).toBe(said.text);

  // Both parts are what the model says after the very same text by itself.
  const plainly = async (text: string, maxTokens: number) => {
    await model?.dispose();
    const { generate: go } = await load(`${text}`);
    return (await go({ messages, sampling: { ...sampling, maxTokens }, adapter: null }, {})).replyIds;
  };
  const ids = said.replyIds ?? [];
  const before = `u:2+2?\na:<think>\n`;
  const thoughts = tokenizer.decode(ids.slice(0, 9));
  // "Opened" is what the end of a prompt says: a blank more is none.
  expect(ids.slice(9 + forced.length)).toEqual(
    await plainly(
      `${before.replaceAll('\n', '{{ "\\n" }}')}{{ ${JSON.stringify(`${thoughts}\n</think>\n\n`)} }}`,
      8,
    ),
  );
});

it('without thoughts says what it said before there was a choice', async () => {
  const { generate } = await load(plain);
  const off = await generate({ messages, sampling, adapter: null }, {});
  const auto = await generate({ messages, sampling: { ...sampling, thinking: 'auto' }, adapter: null }, {});
  expect(auto).toEqual(off);
  expect(off.usage).toEqual({ prompt: 'u:2+2?\na:'.length, completion: 8 });
  expect(off).not.toHaveProperty('thoughts');
});

it('is asked by the switch of its template, in its replies and in what a training is tokenised with', async () => {
  const switched = `${plain}{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}`;
  const { generate, tokenizer } = await load(switched);
  const prompt = async (thinking?: 'auto' | 'on') => {
    const asked = { ...sampling, ...(thinking && { thinking }) };
    return tokenizer.decode(
      (await generate({ messages, sampling: asked, adapter: null }, {})).promptIds ?? [],
    );
  };
  expect(await prompt()).toMatch(/a:<think>\n\n<\/think>\n\n$/);
  expect(await prompt('auto')).toMatch(/a:$/);
  expect(await prompt('on')).toMatch(/a:$/);
  const chat = (of = tokenizer) => of.chatText(messages, { addGenerationPrompt: true });
  expect(chat()).toBe(await prompt());
  expect(chat(tokenizer.thinkingAs?.('auto'))).toBe(await prompt('auto'));
});

it.each([
  ['refuses', `{{ raise_exception('not like this') }}`, /refused the messages: not like this/],
  [
    'never ends',
    '{% for i in range(9999) %}{% for j in range(9999) %}{{ j }}{% endfor %}{% endfor %}',
    /was stopped/,
  ],
  ['is no template', '{% if %}', /cannot be read/],
])('a template that %s is an error, and the model is not asked another way', async (_, template, reason) => {
  const { generate } = await load(template);
  const asking = generate({ messages, sampling, adapter: null }, {});
  await expect(asking).rejects.toThrow(ModelError);
  await expect(asking).rejects.toThrow(reason);
});
