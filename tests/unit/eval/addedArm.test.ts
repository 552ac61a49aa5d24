/** What docs/adding.md counts for an arm is enough: one is added to a copy of the sources by these edits, and appears everywhere. */
import { parseSpec } from '../../../src/specs/spec';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseArm } from '../../../src/eval/arm';
import type { Job } from '../../../src/job/job';
import type { Trained } from '../../../src/job/distilPhase';
import type { Report, Turn } from '../../../src/records/records';
import { createMemoryStore } from '../../support/memoryStore';
import { config, makeQuestions, answered } from './turns';

const root = resolve(import.meta.dirname, '../../..');
const folder = join(root, '.cache/arm-test');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The edits, by file: what is found, and what stands there then. */
const edits: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'src/eval/arm.ts': [
    [
      '  debate: plain(',
      "  oracle: counted('ensemble', (k) => `Any of ${k}`, (k) => `any of ${k} independent answers`),\n  debate: plain(",
    ],
  ],
  'src/eval/arms.ts': [
    [
      '/** `summariser`: a single pass',
      `/** \`oracle:<k>\`: right where any of the first k independent samples is. */
export function oracleArm(index: TurnIndex, questions: readonly Question[], k: number): AnsweredArm {
  return makeArm({ kind: 'oracle', k }, questions, (question) => {
    const samples = independentSamples(index, question.id).slice(0, k);
    return fromTurn(index, question, samples.find(({ correct }) => correct) ?? samples[0], samples);
  });
}

/** \`summariser\`: a single pass`,
    ],
  ],
  'src/job/reportPhase.ts': [
    ['  debateArm,\n', '  debateArm,\n  oracleArm,\n'],
    [
      '  const { config } = job;\n  const arms: AnsweredArm[] = [',
      '  const { config } = job;\n  const arms: AnsweredArm[] = [oracleArm(index, questions, config.nAgents), ',
    ],
  ],
};

describe('an arm that is added', () => {
  it('is built, compared, named and shown by the listed edits', { timeout: 60_000 }, async () => {
    const told = /## An arm\n\n\*\*\d+ edits\*\*\n\n((?:\d+\. .+\n(?: {3}.+\n)*)+)/.exec(
      readFileSync(join(root, 'docs/adding.md'), 'utf8'),
    )?.[1];
    expect([...told!.matchAll(/^\d+\. `([^`]+)`/gm)].map(([, file]) => file)).toEqual(Object.keys(edits));

    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    cpSync(join(root, 'src'), join(folder, 'src'), {
      recursive: true,
      filter: (path) => !path.startsWith(join(root, 'src/ui')),
    });
    for (const [file, changes] of Object.entries(edits)) {
      const path = join(folder, file);
      let text = readFileSync(path, 'utf8');
      for (const [found, then] of changes) {
        expect(text).toContain(found);
        text = text.replace(found, () => then);
      }
      writeFileSync(path, text);
    }
    const load = async <T>(file: string): Promise<T> =>
      (await import(/* @vite-ignore */ join(folder, file))) as T;
    const arm = await load<typeof import('../../../src/eval/arm')>('src/eval/arm.ts');
    const { reportMarkdown } =
      await load<typeof import('../../../src/eval/markdown')>('src/eval/markdown.ts');
    const words = await load<typeof import('../../../src/eval/words')>('src/eval/words.ts');
    const verdict = await load<typeof import('../../../src/eval/verdict')>('src/eval/verdict.ts');
    const { reportPhase } =
      await load<typeof import('../../../src/job/reportPhase')>('src/job/reportPhase.ts');

    // Two questions; one of three samples is right, the student is right on the first.
    const questions = makeQuestions(2);
    const turns: Turn[] = questions.flatMap((question, i) => [
      answered(question, '2', { protocol: 'eval:base' }),
      answered(question, i === 0 ? '1' : '2', { protocol: 'eval:distilled:rsft' }),
      ...['2', '2', '1'].map((answer, agent) =>
        answered(question, answer, { protocol: 'self-consistency', agent }),
      ),
    ]);
    const trained: Trained[] = [
      {
        arm: { kind: 'distilled', strategy: 'rsft' },
        strategy: 'rsft',
        seed: 0,
        dataset: { strategy: 'rsft', traces: [], kept: 0, dropped: {} },
        fresh: true,
      },
    ];
    const job = {
      runId: 'r',
      config: { ...config, protocol: 'self-consistency', selfCheck: false },
      store: createMemoryStore(),
      device: { device: 'test', backend: 'cpu', threads: 1 },
      agents: [{ backend: { kind: 'engine', model: 'm' } }],
      specs: [parseSpec('agent-a')],
      student: { id: 'student' },
      base: 'https://app.invalid/',
      questions,
      emit: () => undefined,
    } as unknown as Job;
    const report: Report = await reportPhase(job, { trained, untaught: [] }, turns, {}, '0.1.0');

    expect(report.arms.find(({ name }) => name === 'oracle:3')).toMatchObject({ n: 2, correct: 2 });
    const pair = report.pairs.find(({ a, b }) => a === 'distilled:rsft' && b === 'oracle:3')!;
    expect(pair).toMatchObject({ aOnly: 0, bOnly: 1, difference: -0.5 });
    expect(reportMarkdown(report)).toContain('| oracle:3 | 2 of 2 | 100.0 % |');
    expect(arm.armId(arm.parseArm('oracle:3'))).toBe('oracle:3');
    expect([arm.armLabel('oracle:3'), arm.familyOf('oracle:3')]).toEqual(['Any of 3', 'ensemble']);
    expect(words.pairSentences(verdict.pairVerdict(pair, 2))[0]).toMatch(
      /^The student \(RSFT\) and any of 3 independent answers cannot be told apart: \u221250\.0 points/,
    );
  });

  it('is not there yet', () => {
    expect(parseArm('oracle:3').kind).toBe('unknown');
  });
});
