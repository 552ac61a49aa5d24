import { describe, expect, it } from 'vitest';
import type { QuestionImport } from '../../../src/tasks/questionFiles';
import { keepQuestions, keptQuestions, questionsHash } from '../../../src/library/keptQuestions';
import { importQuestions } from '../../../src/tasks/importers';
import { createMemoryStore } from '../../support/memoryStore';

function file(name: string, answers: readonly number[]): QuestionImport {
  const text = answers.map((answer, i) => JSON.stringify({ question: `What is ${i}?`, answer })).join('\n');
  const { format, questions, counts } = importQuestions(text, { fileName: name, seed: 0 });
  return { name, format, questions, rejected: [], altered: [], encoding: 'utf-8', rows: counts.rows };
}

describe('a question file that is kept', () => {
  it('is found by its hash, whatever else was kept since', async () => {
    const store = createMemoryStore();
    const hash = await keepQuestions(store, file('mine.jsonl', [1, 2, 3]));
    await keepQuestions(store, file('mine.jsonl', [1, 2, 4]));
    const kept = await keptQuestions(store, 'mine.jsonl', hash);
    expect(kept?.file.questions.map(({ gold }) => gold)).toEqual(['1', '2', '3']);
    expect(await keptQuestions(store, 'mine.jsonl', '0000000000000000')).toBeNull();
  });

  it('has a hash of what it asks, not of its name', async () => {
    const hash = await questionsHash(file('a.jsonl', [1, 2]));
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect(await questionsHash(file('b.jsonl', [1, 2]))).toBe(hash);
    expect(await questionsHash(file('a.jsonl', [1, 3]))).not.toBe(hash);
  });

  it('is found by its name alone as the newest of that name', async () => {
    const store = createMemoryStore();
    await keepQuestions(store, file('mine.jsonl', [1]));
    const newer = await keepQuestions(store, file('mine.jsonl', [2]));
    expect((await keptQuestions(store, 'mine.jsonl', null))?.hash).toBe(newer);
    expect(await keptQuestions(store, 'other.jsonl', null)).toBeNull();
  });

  it('makes room for newer ones after a dozen', async () => {
    const store = createMemoryStore();
    const first = await keepQuestions(store, file('0.jsonl', [0]));
    for (let i = 1; i <= 12; i++) await keepQuestions(store, file(`${i}.jsonl`, [i]));
    expect(await keptQuestions(store, '0.jsonl', first)).toBeNull();
    expect(await keptQuestions(store, '1.jsonl', null)).not.toBeNull();
  });
});
