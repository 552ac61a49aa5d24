import { expect, it } from 'vitest';
import { turnMessages } from '../../../src/debate/prompts';
import { trajectoriesJsonl } from '../../../src/records/trajectories';
import type { JobEvent } from '../../../src/wire/jobEvents';
import type { Turn } from '../../../src/records/records';
import { nodeJobs, tinyJob } from '../../support/nodeJob';

const newJob = nodeJobs();

/** Every string of a value, but those at the keys named. */
function strings(value: unknown, but: readonly string[]): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(/^\d+$/.test(key) ? [] : [key]),
    ...(but.includes(key) ? [] : strings(inner, but)),
  ]);
}

it('a run records facts: its turns say how they were prompted and whom they read, and no event but an error has a sentence', async () => {
  const job = await newJob();
  const { id } = await job.coordinator.start(
    { ...tinyJob, zeroShotVote: 1, summariser: true, controls: ['wrong', 'gold-sft'], labels: 'gold' },
    null,
  );
  await job.coordinator.ended();
  const { run, turns, questions } = await job.api.runs.archive(id);
  expect(run.error).toBeNull();

  expect(new Set(turns.map(({ style }) => style))).toEqual(new Set(['compact']));
  const text = new Map(questions.map((question) => [question.id, question]));
  for (const turn of turns) {
    const later = turn.protocol === 'debate' && turn.round > 0;
    expect(turn.read).toEqual(later ? [0, 1, 2].filter((agent) => agent !== turn.agent) : undefined);
    if (!later) continue;
    // The messages that follow from the facts are those that were sent.
    const of = (round: number, agent: number): Turn[] =>
      turns.filter(
        (one) =>
          one.protocol === 'debate' &&
          one.questionId === turn.questionId &&
          one.round === round &&
          one.agent === agent,
      );
    const own = Array.from({ length: turn.round }, (_, round) => of(round, turn.agent)).flat();
    const peers = turn.read!.flatMap((agent) => of(turn.round - 1, agent));
    expect(turn.messages).toEqual(
      turnMessages({
        style: turn.style!,
        question: text.get(turn.questionId)!,
        own: own.map(({ reply }) => reply),
        peers: peers.map(({ reply }) => reply),
      }),
    );
  }

  // A device's name and a model's stay names; what an error says is the error's.
  const told = job.events.filter(({ type }) =>
    (['device', 'load', 'progress', 'dataset'] as JobEvent['type'][]).includes(type),
  );
  const kinds = new Set(told.map(({ type }) => type));
  expect([...kinds].sort()).toEqual(['dataset', 'device', 'load', 'progress']);
  const sentences = strings(told, ['device', 'model', 'message']).filter(
    (one) => /\s/.test(one) && one !== 'warm up',
  );
  expect(sentences).toEqual([]);

  // Without them a line is what it was before there were such facts.
  const bare = turns.map(({ style: _, read: __, ...turn }) => turn);
  const [line] = trajectoriesJsonl(bare).split('\n');
  expect(Object.keys(JSON.parse(line!) as object).slice(0, 10)).toEqual([
    'runId',
    'questionId',
    'split',
    'protocol',
    'round',
    'agent',
    'model',
    'backend',
    'messages',
    'reply',
  ]);
});
