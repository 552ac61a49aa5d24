/** Question files as the page and the command read and check them, on the bundled models' own files. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { questionsHandlers } from '../../../src/coordinator/questionsService';
import type { Question } from '../../../src/records/records';
import { parseConfig, presets, type RunConfig } from '../../../src/settings/config';
import type { JobStore } from '../../../src/store/jobStore';
import type { QuestionCheck } from '../../../src/tasks/questionFiles';
import { generateQuestions } from '../../../src/tasks/wordProblems';
import type { AskedQuestions } from '../../../src/wire/questions';

const settings = new Map<string, unknown>();
const store: Pick<JobStore, 'getSetting' | 'putSetting'> = {
  getSetting: async (key) => settings.get(key),
  putSetting: async (key, value) => void settings.set(key, value),
};
const handlers = questionsHandlers({
  store: store as JobStore,
  base: 'http://app.test/',
  adapter: () => Promise.reject(new Error('there is none')),
  hub: async () => ({ endpoint: 'https://huggingface.co', token: null }),
});
const context = { signal: new AbortController().signal, progress: () => undefined };

beforeAll(() => {
  vi.stubGlobal('fetch', async (input: string | URL | Request) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const bytes = await readFile(`public${pathname}`).catch(() => null);
    return bytes ? new Response(new Uint8Array(bytes)) : new Response(null, { status: 404 });
  });
});
afterAll(() => vi.unstubAllGlobals());

const config = (changes: Partial<RunConfig>): RunConfig =>
  parseConfig({
    ...presets.quick,
    preset: 'custom',
    trainQuestions: 6,
    validationQuestions: 2,
    testQuestions: 2,
    ...changes,
  });
const known = generateQuestions({ seed: 5, split: 'train', count: 10 });
const unknown: readonly Question[] = known.map((question, at) => ({
  ...question,
  id: `${at}`.padStart(16, '0'),
  text: `What costs €${at * 7 + 3} in Paris?`,
}));
const checkOf = async (asked: AskedQuestions): Promise<QuestionCheck> =>
  (await handlers.checkQuestions(asked, context)) as QuestionCheck;
const check = (questions: readonly Question[], changes: Partial<RunConfig> = {}): Promise<QuestionCheck> =>
  checkOf({ config: config(changes), questions });

describe('a Parquet file', () => {
  it('is read as its rows', async () => {
    const found: Question[] = [];
    const bytes = new Uint8Array(readFileSync('tests/golden/parquet/choices-snappy.parquet'));
    const rest = await handlers.readQuestions(
      { bytes, name: 'mmlu.parquet' },
      { ...context, progress: (some) => found.push(...some) },
    );
    expect(rest).toMatchObject({ format: 'parquet', rows: 3, rejected: [] });
    expect(found.map(({ gold, options }) => [gold, options?.length])).toEqual([
      ['A', 4],
      ['B', 4],
      ['D', 4],
    ]);
  });
});

describe('the questions of a run', () => {
  it('that the bundled models read are fine', async () => {
    expect(await check(known)).toMatchObject({
      unreadable: 0,
      long: [],
      tight: null,
      unsayable: null,
      unchecked: [],
      hopeless: null,
    });
  });

  it('that no agent reads leave nothing to learn, and the count is of those that are trained on', async () => {
    const found = await check(unknown, { nearDuplicates: 'keep' });
    expect(found.unreadable).toBe(10);
    expect(found.hopeless).toEqual({ who: 'agents', why: 'words', questions: 6 });
  });

  it('leave hope where an agent is on a server, but not for a student that cannot read them', async () => {
    const agents = ['endpoint:http://localhost:1/v1#m'];
    const found = await check(unknown, { nearDuplicates: 'keep', agents });
    expect(found.hopeless).toEqual({ who: 'student', why: 'words', questions: 6 });
    expect(found.unchecked).toHaveLength(1);
  });

  it('are those of the test file and the sets too', async () => {
    const found = await checkOf({
      config: config({ trainFile: 'a', testFile: 'b', evalSets: ['c=d'] }),
      questions: known.slice(0, 8),
      test: unknown.slice(0, 2),
      sets: { c: unknown.slice(2, 5) },
    });
    expect(found).toMatchObject({ questions: 13, unreadable: 5, hopeless: null });
  });

  it('are counted where an answer may take more than the prompts leave', async () => {
    // The bundled context holds 512 tokens (public/models/student/config.json); no problem takes more than 80.
    expect((await check(known, { maxTokens: 400 })).tight).toBeNull();
    const { tight } = await check(known, { maxTokens: 512 });
    expect(tight).toMatchObject({ questions: 10, asked: 512 });
    expect(tight!.room).toBeGreaterThan(430);
  });
});
