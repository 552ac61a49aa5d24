import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { selfCheckMessages, turnMessages } from '../../../src/debate/prompts';
import { createTokenizer, TextStream } from '../../../src/lm/tokenizer';
import { generateQuestions } from '../../../src/tasks/wordProblems';

const root = join(import.meta.dirname, '../../../public/models');
const json = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8')) as unknown;
const index = json('index.json') as {
  id: string;
  role: string;
  bytes: number;
  files: Record<string, { bytes: number; sha256: string }>;
}[];
const chat = { addGenerationPrompt: true };
const questions = (['train', 'validation', 'test', 'ood', 'robust'] as const).flatMap((split) =>
  generateQuestions({ seed: 4, split, count: 100 }),
);

const overlapping = [20, 50, 80].flatMap((percent) => [`agent-b-${percent}`, `agent-c-${percent}`]);

it('lists three agents, those that share gaps and a student; what a run loads is under 1.5 MB, all are under 3.5 MB', () => {
  expect(index.map(({ id, role }) => [id, role])).toEqual([
    ['agent-a', 'agent'],
    ['agent-b', 'agent'],
    ['agent-c', 'agent'],
    ...overlapping.map((id) => [id, 'overlap']),
    ['student', 'student'],
  ]);
  const sizeOf = (folder: string) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).reduce((sum, path) => {
      const info = statSync(join(folder, path));
      return sum + (info.isFile() ? info.size : 0);
    }, 0);
  const loaded = index.filter(({ role }) => role !== 'overlap');
  expect(loaded.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(1_500_000);
  expect(sizeOf(root)).toBeLessThan(3_500_000);
});

describe.each(index)('$id', ({ id, bytes, files }) => {
  const tokenizer = createTokenizer(json(`${id}/tokenizer.json`), json(`${id}/tokenizer_config.json`));
  const unknown = tokenizer.encode('<unk>', { addSpecial: false })[0];

  it('has the files, sizes and hashes of the index', () => {
    let sum = 0;
    for (const [name, { bytes: size, sha256 }] of Object.entries(files)) {
      const content = readFileSync(join(root, id, name));
      expect(content.byteLength).toBe(size);
      expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
      sum += size;
    }
    expect(sum).toBe(bytes);
  });

  it('knows every word of every split, in at most 64 tokens (80 in the harder splits)', () => {
    for (const question of questions) {
      const ids = tokenizer.encode(question.text, { addSpecial: false });
      expect(ids).not.toContain(unknown);
      expect(ids.length).toBeLessThanOrEqual(question.split === 'train' ? 64 : 80);
    }
  });

  it('reads back what it writes, digits joined: encode(decode(ids)) is ids, streamed or not', () => {
    for (const { solution = '' } of questions) {
      const ids = tokenizer.encode(solution, { addSpecial: false });
      expect(tokenizer.decode(ids)).toBe(solution);
      const stream = new TextStream(tokenizer);
      expect(ids.map((token) => stream.push(token)).join('') + stream.flush()).toBe(solution);
    }
  });

  it('writes a turn as the training did', () => {
    const [question] = questions;
    const text = (own: string[], peers: string[]) =>
      tokenizer.chatText(turnMessages({ style: 'compact', question: question!, own, peers }), chat);
    expect(text([], [])).toBe(`<bos> <q> ${question!.text} <a>`);
    expect(text(['1 + 1 = 2. #### 2'], ['#### 3', '#### 4'])).toBe(
      `<bos> <q> ${question!.text} <a> 1 + 1 = 2. #### 2 <eos> <peer> #### 3 <peer> #### 4 <a>`,
    );
    const check = selfCheckMessages({ style: 'compact', question: question!, own: '#### 2' });
    expect(tokenizer.chatText(check, chat)).toBe(`<bos> <q> ${question!.text} <a> #### 2 <eos> <check> <a>`);
  });

  it('keeps a debate with four peers under 300 tokens', () => {
    for (const question of questions.filter(({ split }) => split === 'train')) {
      const reply = question.solution ?? '';
      const messages = turnMessages({
        style: 'compact',
        question,
        own: [reply],
        peers: Array(4).fill(reply),
      });
      expect(tokenizer.chatIds(messages, chat).length).toBeLessThan(300);
    }
  });
});
