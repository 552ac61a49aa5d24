/** Rows to ids with a response mask, and packing. */
import { describe, expect, it } from 'vitest';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import { ConfigError, ImportError } from '../../../src/core/errors';
import type { Message } from '../../../src/records/records';
import type { Tokenizer } from '../../../src/lm/types';
import { Backprop } from '../../../src/train/backprop';
import { packExamples, parseRows, tokeniseRow, tokeniseRows } from '../../../src/train/batch';
import { loadGolden } from './golden';

/** One id a character; "<" begins a turn and "|" (124) ends it, after which the template writes a line break. */
function letters(options: { thinking?: boolean } = {}): Tokenizer {
  const ids = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));
  const chatText: Tokenizer['chatText'] = (messages: readonly Message[], { addGenerationPrompt }) => {
    const turns = messages.map(({ role, content }) => `<${role[0]}${content}|\n`).join('');
    return turns + (addGenerationPrompt ? (options.thinking ? '<a!' : '<a') : '');
  };
  return {
    vocab: 128,
    eosIds: [124],
    encode: (text) => ids(text),
    decode: (list) => String.fromCharCode(...list),
    chatText,
    unknownWords: () => [],
    chats: true,
    chatIds: (messages, settings) => ids(chatText(messages, settings)),
  };
}

const user = (content: string): Message => ({ role: 'user', content });
const assistant = (content: string): Message => ({ role: 'assistant', content });
const target = (tokenizer: Tokenizer, example: { ids: readonly number[]; responseStart: number }): string =>
  tokenizer.decode(example.ids.slice(example.responseStart));

describe('a row of messages', () => {
  it('has its loss on the last assistant turn and its end of turn, not on the line break after it', () => {
    const tokenizer = letters();
    const example = tokeniseRow(tokenizer, {
      messages: [user('1'), assistant('2'), user('3'), assistant('45')],
    });
    expect(tokenizer.decode(example.ids)).toBe('<u1|\n<a2|\n<u3|\n<a45|');
    expect(target(tokenizer, example)).toBe('45|');
  });

  it('keeps nothing after the last assistant turn', () => {
    const tokenizer = letters();
    const example = tokeniseRow(tokenizer, { messages: [user('1'), assistant('2'), user('3')] });
    expect(tokenizer.decode(example.ids)).toBe('<u1|\n<a2|');
  });

  it('follows the generation prompt where the template renders finished turns otherwise', () => {
    const tokenizer = letters({ thinking: true });
    const example = tokeniseRow(tokenizer, { messages: [user('1'), assistant('2')] });
    expect(tokenizer.decode(example.ids)).toBe('<u1|\n<a!2|');
    expect(target(tokenizer, example)).toBe('2|');
  });

  it('without an assistant turn is refused', () => {
    expect(() => tokeniseRow(letters(), { messages: [user('1')] })).toThrow(ImportError);
    expect(() => tokeniseRow(letters(), { messages: [assistant('1')] })).toThrow(ImportError);
  });
});

describe('a row of prompt and completion', () => {
  it('has its loss on the completion and an end of turn', () => {
    const tokenizer = letters();
    const example = tokeniseRow(tokenizer, { prompt: 'ab', completion: 'cd' });
    expect(target(tokenizer, example)).toBe('cd|');
    expect(target(tokenizer, tokeniseRow(tokenizer, { prompt: 'ab', completion: 'cd|' }))).toBe('cd|');
  });
});

describe('the maximum length', () => {
  it('cuts responses, drops rows without any, and counts both', () => {
    const rows = ['x', 'xy', 'xyzxyz', 'x'].map((completion) => ({ prompt: 'abc', completion }));
    const long = { prompt: 'abcdefgh', completion: 'x' };
    const { examples, truncated, dropped } = tokeniseRows(letters(), [...rows, long], 6);
    expect(examples.map(({ ids }) => ids.length)).toEqual([5, 6, 6, 5]);
    expect([truncated, dropped]).toEqual([1, 1]);
    expect(() => tokeniseRows(letters(), rows, 1)).toThrow(ConfigError);
  });
});

describe('a data file', () => {
  it('is read line by line, and a bad line is named', () => {
    const good = '{"prompt":"a","completion":"b"}\n\n{"messages":[{"role":"user","content":"a"}]}\n';
    expect(parseRows(good)).toHaveLength(2);
    expect(() => parseRows(`${good}{"prompt": 1}`)).toThrow(/Line 4/);
    expect(() => parseRows('nonsense')).toThrow(/Line 1 .* not JSON/);
  });
});

describe('packing', () => {
  const examples = [
    { ids: [1, 2, 3, 4], responseStart: 2 },
    { ids: [5, 6], responseStart: 1 },
  ];

  it('lays documents one after another with positions of their own', () => {
    const batch = packExamples(examples);
    expect(batch).toEqual({
      rows: 4,
      ids: Uint32Array.of(1, 2, 3, 5),
      positions: Uint32Array.of(0, 1, 2, 0),
      documents: Uint32Array.of(0, 3, 0, 3, 0, 3, 3, 4),
      targetRows: Uint32Array.of(1, 2, 3),
      targets: Uint32Array.of(3, 4, 6),
      targetStarts: Uint32Array.of(0, 2, 3),
    });
  });

  it('changes no loss: a document has the same losses alone and beside others', async () => {
    const backend = createReferenceBackend();
    const { model, documents, adapter } = await loadGolden(backend, 'qwen3');
    const backprop = new Backprop(model, adapter(), { owner: 'test', forwardOnly: true });
    const losses = async (...chosen: typeof documents): Promise<number[]> => {
      const batch = packExamples(chosen);
      const nll = backend.tensor([batch.targets.length], { owner: 'test', label: 'nll' });
      backprop.forward(batch);
      backprop.losses({ nll });
      return [...(await backend.read(nll))];
    };
    const [first, second, third] = [documents[0]!, documents[1]!, documents[2]!];
    const together = await losses(first, second, third);
    expect(together).toEqual([...(await losses(first)), ...(await losses(second)), ...(await losses(third))]);
  });

  it('refuses ids outside the vocabulary and documents longer than the context', async () => {
    const { model } = await loadGolden(createReferenceBackend(), 'qwen3');
    const backprop = new Backprop(model, null, { owner: 'test', forwardOnly: true });
    expect(() => backprop.forward(packExamples([{ ids: [1, 47], responseStart: 1 }]))).toThrow(/47/);
    const ids = Array.from({ length: 66 }, () => 1);
    expect(() => backprop.forward(packExamples([{ ids, responseStart: 1 }]))).toThrow(/context of 64/);
  });
});
