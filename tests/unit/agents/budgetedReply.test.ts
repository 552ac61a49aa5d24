import { describe, expect, it } from 'vitest';
import { budgetedReply, type Piece } from '../../../src/agents/budgetedReply';
import type { Sampling } from '../../../src/records/records';

const sampling: Sampling = { temperature: 1, topP: 1, seed: 5, maxTokens: 12, thinkingBudget: 20 };
/** A token a character, 0 = the end. */
const encode = (text: string): number[] => Array.from(text, (one) => one.codePointAt(0) ?? 0);
const decode = (ids: readonly number[]): string => String.fromCodePoint(...ids.filter((id) => id !== 0));

/**
 * A model that goes on from what it has said by a script: `next` gives all that it would say from there on. Calls are generated as
 * our engine does: an end or a stop string ends them, and so does the limit.
 */
async function reply(
  next: (said: string) => string,
  {
    opened = false,
    change = {},
    context = 1000,
  }: { opened?: boolean; change?: Partial<Sampling>; context?: number } = {},
) {
  const prompt = encode('Q');
  const calls: Sampling[] = [];
  const told: string[] = [];
  const completion = await budgetedReply({
    promptIds: prompt,
    opened,
    sampling: { ...sampling, ...change },
    context,
    encode,
    decode,
    tokenTexts: (ids) => ids.map((id) => decode([id])),
    generate(ids, drawn, onText): Promise<Piece> {
      calls.push(drawn);
      expect(ids.slice(0, prompt.length)).toEqual(prompt);
      const rest = next(decode(ids.slice(prompt.length)));
      let text = '';
      for (const sign of rest) {
        if (text.length === drawn.maxTokens) break;
        text += sign;
        const stop = drawn.stop?.find((one) => text.endsWith(one));
        if (stop === undefined) continue;
        onText?.(text.slice(0, -stop.length));
        const stopped = {
          ids: encode(text),
          text: text.slice(0, -stop.length),
          finishReason: 'stop' as const,
        };
        return Promise.resolve({ ...stopped, logprobs: encode(text).map(() => -1) });
      }
      onText?.(text);
      const ended = text === rest && text.length < drawn.maxTokens;
      const all = ended ? [...encode(text), 0] : encode(text);
      return Promise.resolve({
        ids: all,
        text,
        finishReason: ended ? 'stop' : 'length',
        logprobs: all.map(() => -1),
      });
    },
    onText: (text) => told.push(text),
  });
  return { ...completion, calls, told: told.join('') };
}

/** All of a text from where the model is. */
const script = (whole: string) => (said: string) => (whole.startsWith(said) ? whole.slice(said.length) : '');

describe('a model that does not think', () => {
  it('is asked once, with its sampling as it is', async () => {
    const { text, thoughts, usage, finishReason, calls, logprobKind } = await reply(script('It is 4.'));
    expect({ text, thoughts, usage, finishReason, logprobKind }).toEqual({
      text: 'It is 4.',
      thoughts: undefined,
      usage: { prompt: 1, completion: 9 },
      finishReason: 'stop',
      logprobKind: 'raw',
    });
    expect(calls).toEqual([{ ...sampling, maxTokens: 12 }]);
  });

  it('is cut at the tokens of an answer', async () => {
    const { text, finishReason, calls } = await reply(script('It is certainly 4.'));
    expect({ text, finishReason, calls: calls.length }).toEqual({
      text: 'It is certai',
      finishReason: 'length',
      calls: 1,
    });
  });
});

describe('a model that thinks', () => {
  const thought = '<think>2 + 2</think>\n\nIt is 4.';

  it.each([
    ['by itself', thought, false],
    ['because the prompt opened its thoughts', thought.slice('<think>'.length), true],
  ])('%s has all of its tokens for the answer too', async (_, whole, opened) => {
    const { text, thoughts, finishReason, usage, told, replyIds, logprobs } = await reply(script(whole), {
      opened,
    });
    expect({ text, thoughts, finishReason }).toEqual({
      text: 'It is 4.',
      thoughts: '2 + 2',
      finishReason: 'stop',
    });
    const end = whole.indexOf('</think>') + '</think>'.length;
    expect(usage).toEqual({ prompt: 1, completion: whole.length + 1, thoughts: end });
    expect(decode(replyIds ?? [])).toBe(whole);
    expect(logprobs).toHaveLength(whole.length + 1);
    expect(told).toBe('It is 4.');
  });

  it.each([false, true])(
    'past its budget has its thoughts closed and answers (opened: %s)',
    async (opened) => {
      const endless = `${opened ? '' : '<think>'}${'hm '.repeat(30)}`;
      const next = (said: string): string =>
        said.endsWith('</think>\n\n') ? 'It is 4.' : script(endless)(said);
      const { text, thoughts, usage, logprobKind, told, finishReason } = await reply(next, { opened });
      expect({ text, finishReason }).toEqual({ text: 'It is 4.', finishReason: 'stop' });
      expect(endless).toContain(thoughts);
      expect(usage.thoughts).toBe(20 + '\n</think>'.length);
      // Tokens that were put in have no probability.
      expect(logprobKind).toBeNull();
      expect(told).toBe('It is 4.');
    },
  );

  it('thinks within what its context leaves beside the answer', async () => {
    const next = (said: string): string => (said.endsWith('</think>\n\n') ? '4' : 'hm '.repeat(30));
    const { usage, text } = await reply(next, { opened: true, context: 30 });
    expect(text).toBe('4');
    expect(usage.prompt + usage.completion).toBeLessThanOrEqual(30);
  });

  it('without a budget answers at once', async () => {
    const next = (said: string): string => (said.endsWith('</think>\n\n') ? '4' : 'hm '.repeat(30));
    const { text, thoughts } = await reply(next, { opened: true, change: { thinkingBudget: 0 } });
    expect({ text, thoughts }).toEqual({ text: '4', thoughts: undefined });
  });

  it('that ends within its thoughts has no answer', async () => {
    const { text, thoughts, finishReason } = await reply(script('<think>no'));
    expect({ text, thoughts, finishReason }).toEqual({ text: '', thoughts: 'no', finishReason: 'stop' });
  });

  it('has an answer of as many tokens as any', async () => {
    const { text, finishReason } = await reply(script('<think>a</think>It is certainly 4.'));
    expect({ text, finishReason }).toEqual({ text: 'It is certai', finishReason: 'length' });
  });

  it('draws each part by a seed of its own, the same each time', async () => {
    const seeds = async () => (await reply(script(thought))).calls.map(({ seed }) => seed);
    const once = await seeds();
    expect(once[0]).toBe(5);
    expect(new Set(once).size).toBe(once.length);
    expect(await seeds()).toEqual(once);
  });

  it('hears stop strings in its answer alone', async () => {
    const whole = '<think>END a</think>It is END 4.';
    for (const maxTokens of [8, 11, 20]) {
      const { text, thoughts, finishReason } = await reply(script(whole), {
        change: { stop: ['END'], maxTokens },
      });
      expect(thoughts, `${maxTokens}`).toBe('END a');
      expect({ text, finishReason }, `${maxTokens}`).toEqual(
        maxTokens === 8
          ? { text: 'It is EN', finishReason: 'length' }
          : { text: 'It is ', finishReason: 'stop' },
      );
    }
  });
});
