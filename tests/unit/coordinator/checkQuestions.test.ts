import { beforeAll, describe, expect, it } from 'vitest';
import type { Question } from '../../../src/records/records';
import { loadTokenizer } from '../../../src/lm/tokenizer';
import { checkQuestions, type Reader } from '../../../src/coordinator/checkQuestions';
import { readModelConfig } from '../../../src/models/modelSource';
import { generateQuestions } from '../../../src/tasks/wordProblems';
import { NodeSource } from '../../../scripts/nodeSource';

const bundled: Reader[] = [];

beforeAll(async () => {
  for (const model of ['agent-a', 'agent-b', 'agent-c', 'student']) {
    const source = await NodeSource.open(`public/models/${model}`);
    const { maxPosition: context, eosIds } = await readModelConfig(source);
    bundled.push({ model, style: 'compact', tokenizer: await loadTokenizer(source, { eosIds }), context });
  }
});

const asked = (id: string, text: string): Question => ({
  id,
  split: 'train',
  text,
  gold: '1',
  answerType: 'number',
});

describe('the words of a question file', () => {
  it('are all known to the bundled models where they are the generator’s own', () => {
    const questions = generateQuestions({ seed: 3, split: 'train', count: 60 });
    const check = checkQuestions(questions, bundled);
    expect(check).toMatchObject({ unreadable: 0, questions: 60, lacking: [], models: [], long: [] });
    expect(check.known).toBe(check.words);
    expect(check.words).toBeGreaterThan(20);
  });

  it('that they lack are counted, with the questions that use them', () => {
    const check = checkQuestions(
      [
        asked('a', 'Anna has 2 apples. How many apples does Anna have now?'),
        asked('b', 'A giraffe eats 3 apples each day. How many apples does the giraffe eat in a week?'),
        asked('c', 'Anna has 2 giraffes. How many giraffes does Anna have now?'),
      ],
      bundled,
    );
    // Of "Anna has apples How many does have now" and "A giraffe eats each day the eat in a week giraffes" the bundled
    // vocabulary (public/models/student/tokenizer.json) holds the first eight, "A", "each", "the", "in" and "a".
    expect(check).toMatchObject({ words: 19, known: 13, unreadable: 2, questions: 3 });
    expect(check.models).toEqual(['agent-a', 'agent-b', 'agent-c', 'student']);
    expect(check.lacking).toContain('giraffe');
    expect(check.lacking).not.toContain('Anna');
  });

  it('may be known where a sign is not', () => {
    const check = checkQuestions([asked('a', 'Anna has $ 2. How many apples does Anna have now?')], bundled);
    expect(check).toMatchObject({ unreadable: 1, lacking: ['$'] });
    expect(check.known).toBe(check.words);
  });

  it('may stand in its options', () => {
    const question = { ...asked('a', 'How many apples does Anna have now?'), options: ['zebras', '2'] };
    expect(checkQuestions([question], bundled)).toMatchObject({ unreadable: 1, lacking: ['zebras'] });
  });
});

describe('a question that is longer than a model reads', () => {
  it('is named once, with its tokens and the context', () => {
    const clause = 'Anna has 2 apples. ';
    const check = checkQuestions([asked('short', clause), asked('long', clause.repeat(400))], bundled);
    expect(check.long).toHaveLength(1);
    const [long] = check.long;
    expect(long).toMatchObject({ questionId: 'long', context: 512 });
    // The tokenizer's own count: the words of the clauses, and what the template puts round them.
    const { tokenizer } = bundled[0]!;
    const ids = tokenizer.chatIds([{ role: 'user', content: clause.repeat(400) }], {
      addGenerationPrompt: true,
    });
    expect(long?.tokens).toBe(ids.length);
  });

  it('is exact at the edge: a prompt that leaves one token of an answer fits', () => {
    const reader = { ...bundled[0]!, context: 0 };
    const question = asked('a', 'Anna has 2 apples. How many apples does Anna have now?');
    const tokens = checkQuestions([question], [reader]).long[0]!.tokens;
    expect(checkQuestions([question], [{ ...reader, context: tokens }]).long).toHaveLength(1);
    expect(checkQuestions([question], [{ ...reader, context: tokens + 1 }]).long).toEqual([]);
  });
});

it('says nothing where no model can be looked into', () => {
  const check = checkQuestions([asked('a', 'giraffes')], []);
  expect(check).toEqual({
    words: 1,
    known: 1,
    unreadable: 0,
    questions: 1,
    lacking: [],
    models: [],
    long: [],
  });
});
