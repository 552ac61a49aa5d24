import { describe, expect, it } from 'vitest';
import type { Backend } from '../../../src/compute/ops';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { BusyError } from '../../../src/core/errors';
import type { JobEvent } from '../../../src/wire/jobEvents';
import type { RunConfig } from '../../../src/settings/config';
import { trajectoriesJsonl } from '../../../src/records/trajectories';
import { packArchive, unpackArchive } from '../../../src/records/archiveFile';
import { generateQuestions } from '../../../src/tasks/wordProblems';
import { createMemoryStore } from '../../support/memoryStore';
import { goneOn, nodeJobs, tinyJob, type NodeJob } from '../../support/nodeJob';

const tiny = tinyJob;
const newJob = nodeJobs();
const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs a config to its end and gives everything that must repeat. */
async function outputs(job: NodeJob, id: string) {
  const archive = await job.api.runs.archive(id);
  expect(archive.run.error).toBeNull();
  expect(archive.run.status).toBe('done');
  const adapter = await job.api.runs.adapter({ runId: id, strategy: 'rsft', seed: 0 });
  return {
    trajectories: trajectoriesJsonl(archive.turns),
    adapter: Object.fromEntries(Object.entries(adapter).map(([name, bytes]) => [name, [...bytes]])),
    arms: archive.report?.arms.map(({ name, n, correct, tokensPerQuestion }) => ({
      name,
      n,
      correct,
      tokensPerQuestion,
    })),
    probes: archive.logs.map(({ probes }) => probes),
    losses: archive.logs.map(({ steps }) => steps.map(({ loss }) => loss)),
  };
}

async function undisturbed(config: RunConfig) {
  const job = await newJob();
  const { id } = await job.coordinator.start(config, null);
  await job.coordinator.ended();
  return outputs(job, id);
}

describe('a job', () => {
  it('goes from questions to a report with every arm answered', async () => {
    const result = await undisturbed(tiny);
    expect(result.arms?.map(({ name }) => name)).toEqual([
      'base',
      'single',
      'single-greedy',
      'vote-greedy:3',
      'vote:3',
      'debate',
      'vote-equal-tokens',
      'vote-equal-total-tokens',
      'distilled:rsft',
    ]);
    expect(result.arms?.every(({ n }) => n === 6)).toBe(true);
    expect(result.losses[0]).toHaveLength(3);
    expect(result.probes[0]?.map(({ step, answers }) => [step, answers.length])).toEqual([
      [0, 2],
      [1, 2],
      [2, 2],
      [3, 2],
    ]);
  });

  it('holds a vote without examples and a summariser against the debate when asked to', async () => {
    const job = await newJob();
    const { id } = await job.coordinator.start(
      { ...tiny, shots: 1, zeroShotVote: 2, summariser: true },
      null,
    );
    await job.coordinator.ended();
    const { report, turns } = await job.api.runs.archive(id);
    const arms = new Map(report?.arms.map((arm) => [arm.name, arm]));
    expect(arms.get('vote-zero-shot:2')?.n).toBe(6);
    expect(arms.get('summariser')?.n).toBe(6);
    expect(arms.get('summariser')?.tokensPerQuestion).toBeGreaterThan(
      arms.get('debate')?.tokensPerQuestion ?? 0,
    );
    const asked = (protocol: string): number[] =>
      turns.filter((turn) => turn.protocol === protocol).map(({ messages }) => messages.length);
    expect(asked('self-consistency:zero-shot')).toEqual(Array.from({ length: 12 }, () => 1));
    expect(new Set(asked('summariser'))).toEqual(new Set([3]));
  });

  it('sends its questions once, before the first turn', async () => {
    const job = await newJob();
    const { id } = await job.coordinator.start(tiny, null);
    await job.coordinator.ended();
    const told = job.events.flatMap((event) => (event.type === 'questions' ? [event] : []));
    expect(told.map(({ runId }) => runId)).toEqual([id]);
    expect(told[0]?.questions).toEqual((await job.api.runs.archive(id)).questions);
    const types = job.events.map(({ type }) => type);
    expect(types.indexOf('questions')).toBeLessThan(types.indexOf('turn'));
  });

  it('sends with its progress how many bytes the engine holds', async () => {
    const job = await newJob();
    await job.coordinator.start(tiny, null);
    await job.coordinator.ended();
    const held = job.events.flatMap((event) => (event.type === 'progress' ? [event.bytes] : []));
    // Three bundled models are loaded before the first turn: every weight of a student alone takes over 100 kB.
    expect(held.length).toBeGreaterThan(3);
    for (const bytes of held) expect(bytes).toBeGreaterThan(100_000);
  });

  it('gives the same bytes for the same seed, and others for another seed', async () => {
    const first = await undisturbed(tiny);
    expect(await undisturbed(tiny)).toEqual(first);
    const other = await undisturbed({ ...tiny, seed: 1 });
    expect(other.trajectories).not.toBe(first.trajectories);
    expect(other.adapter).not.toEqual(first.adapter);
  });

  it.each([
    ['debate', (event: JobEvent, count: number) => event.type === 'turn' && count === 9],
    ['training', (event: JobEvent) => event.type === 'train' && event.log.step === 2],
    [
      'evaluation',
      (event: JobEvent) => event.type === 'turn' && event.turn.protocol === 'eval:distilled:rsft',
    ],
  ])('stopped in the middle of its %s and resumed ends as an undisturbed one', async (_, when) => {
    const whole = await undisturbed(tiny);
    let turns = 0;
    const { second, id } = await goneOn(newJob, tiny, (event) => {
      if (event.type === 'turn') turns++;
      return when(event, turns);
    });
    expect(await outputs(second, id)).toEqual(whole);
    const repeated = second.events.filter((event) => event.type === 'turn').length;
    const spoken = (await second.api.runs.archive(id)).turns.length;
    expect(repeated).toBeLessThan(spoken);
  });

  it('trains every strategy and control for every seed, and reports each', async () => {
    const config: RunConfig = {
      ...tiny,
      trainQuestions: 12,
      strategies: ['rsft', 'da', 'rsft+da'],
      controls: ['answer-only', 'gold-sft', 'self-consistency', 'wrong'],
      distilSeeds: 2,
      steps: 2,
      oodQuestions: 3,
      robustQuestions: 3,
    };
    const job = await newJob();
    const { id } = await job.coordinator.start(config, null);
    await job.coordinator.ended();
    const { report, run, logs, datasets } = await job.api.runs.archive(id);
    expect(run.error).toBeNull();
    const trained = [
      'distilled:rsft',
      'distilled:da',
      'distilled:rsft+da',
      'control:answer-only',
      'control:gold-sft',
      'control:self-consistency',
      'control:wrong',
    ];
    const names = (arms: readonly { name: string }[] = []) =>
      arms.map(({ name }) => name).filter((name) => /^(distilled|control):/.test(name));
    expect(names(report?.arms)).toEqual(trained);
    // What there was to learn from, and that nothing of it was too long.
    expect(report?.data).toMatchObject({ labels: 'none', labelPrecision: null, labelCoverage: 1 });
    expect(report?.data?.coverageAtK).toHaveLength(config.nAgents);
    for (const name of trained)
      expect(report?.datasets[name]).toMatchObject({ rows: { cut: 0, dropped: 0 } });
    expect(report?.datasets['distilled:da']?.audit?.kept.traces).toBe(report?.datasets['distilled:da']?.kept);
    expect(report?.seeds.map(({ arms }) => names(arms))).toEqual([trained]);
    expect(names(report?.ood?.arms)).toEqual(trained);
    expect(logs).toHaveLength(14);
    // Each under the name of its training, which the page finds it by.
    expect(datasets.map(({ strategy }) => strategy)).toEqual(
      logs.filter(({ seed }) => seed === 0).map(({ strategy }) => strategy),
    );
  });

  it('reuses the debate of another run when asked to', async () => {
    const job = await newJob();
    const source = await job.coordinator.start(tiny, null);
    await job.coordinator.ended();
    job.events.length = 0;
    const again = await job.coordinator.start({ ...tiny, strategies: ['da'] }, null, source.id);
    await job.coordinator.ended();
    const spoken = job.events.flatMap((event) => (event.type === 'turn' ? [event.turn.protocol] : []));
    expect(spoken.every((protocol) => protocol.startsWith('eval:'))).toBe(true);
    const { report } = await job.api.runs.archive(again.id);
    expect(report?.arms.map(({ name }) => name)).toContain('distilled:da');
  });

  it('trains by consensus on questions whose right answers nobody knows', async () => {
    const unknown = generateQuestions({ seed: 4, split: 'train', count: 6 }).map(
      ({ solution: _, ...question }) => ({ ...question, gold: '' }),
    );
    const known = generateQuestions({ seed: 4, split: 'test', count: 3 });
    const job = await newJob();
    const config: RunConfig = {
      ...tiny,
      labels: 'consensus',
      minAgreement: 0,
      trainQuestions: 6,
      validationQuestions: 0,
      testQuestions: 3,
      questions: 'own.jsonl',
      strategies: ['rsft'],
      controls: [],
    };
    const { id } = await job.coordinator.start(config, [...unknown, ...known]);
    await job.coordinator.ended();
    const { report, run, datasets } = await job.api.runs.archive(id);
    expect(run.error).toBeNull();
    expect(datasets[0]!.traces.length).toBeGreaterThan(0);
    expect(report?.data).toMatchObject({
      labels: 'consensus',
      labelPrecision: null,
      coverage: null,
      coverageAtK: [],
    });
  });

  it('takes over the trainings of that run whose settings are the same, and trains the others', async () => {
    const job = await newJob();
    const source = await job.coordinator.start({ ...tiny, strategies: ['rsft'] }, null);
    await job.coordinator.ended();
    const trainedAgain = async (change: Partial<RunConfig>) => {
      job.events.length = 0;
      const config = { ...tiny, strategies: ['rsft' as const], ...change };
      const { id } = await job.coordinator.start(config, null, source.id);
      await job.coordinator.ended();
      const steps = job.events.filter((event) => event.type === 'train');
      const { logs } = await job.api.runs.archive(id);
      return {
        steps: steps.length,
        logs,
        adapter: await job.api.runs.adapter({ runId: id, strategy: 'rsft', seed: 0 }),
      };
    };
    const first = await job.api.runs.archive(source.id);
    const same = await trainedAgain({});
    expect(same.steps).toBe(0);
    expect(same.adapter).toEqual(await job.api.runs.adapter({ runId: source.id, strategy: 'rsft', seed: 0 }));
    expect(same.logs).toEqual(first.logs);
    expect((await trainedAgain({ lr: tiny.lr / 2 })).steps).toBeGreaterThan(0);
  });

  it('leaves out of training what was excluded by hand, and keeps the list with the run', async () => {
    const job = await newJob();
    const source = await job.coordinator.start(tiny, null);
    await job.coordinator.ended();
    const before = (await job.api.runs.archive(source.id)).datasets[0]!;
    const place = (at: number): string => {
      const { questionId, source: from } = before.traces[at]!;
      return `${questionId}/${from[0]!.round}/${from[0]!.agent}`;
    };
    const whole = before.traces[1]!.questionId;
    const exclude = [place(0), whole];
    const run = await job.coordinator.start({ ...tiny, exclude }, null, source.id);
    await job.coordinator.ended();
    const after = await job.api.runs.archive(run.id);
    expect(after.run.error).toBeNull();
    expect(after.run.config.exclude).toEqual(exclude);
    expect(after.report?.config.exclude).toEqual(exclude);
    const [dataset] = after.datasets;
    const taught = dataset!.traces.flatMap(({ questionId, source: from }) =>
      from.map(({ round, agent }) => `${questionId}/${round}/${agent}`),
    );
    expect(taught).not.toContain(place(0));
    expect(dataset!.traces.map(({ questionId }) => questionId)).not.toContain(whole);
    // Three agents spoke in every round of the question that is left out as a whole, and one trace is named by itself.
    expect(dataset!.dropped['excluded-trace']).toBe(3 * (1 + tiny.rounds) + 1);
    const adapter = async (id: string): Promise<number[]> => [
      ...(await job.api.runs.adapter({ runId: id, strategy: 'rsft', seed: 0 }))['adapter_model.safetensors']!,
    ];
    expect(await adapter(run.id)).not.toEqual(await adapter(source.id));
  });

  it('goes one exchange at a time while it is paused', async () => {
    const job = await newJob();
    let paused: Promise<void> | null = null;
    job.onEvent = (event) => {
      if (event.type === 'device') paused ??= job.coordinator.pause();
    };
    const { id } = await job.coordinator.start(tiny, null);
    while (!paused) await pass(5);
    await Promise.resolve(paused);
    const turns = (): number => job.events.filter((event) => event.type === 'turn').length;
    await job.coordinator.step();
    while (turns() < tiny.nAgents) await pass(20);
    await pass(300);
    expect(turns()).toBe(tiny.nAgents);
    expect((await job.api.runs.list())[0]?.status).toBe('paused');
    await job.coordinator.unpause();
    await job.coordinator.ended();
    expect((await job.api.runs.archive(id)).run.status).toBe('done');
  });

  it('with one agent loaded at a time says and learns the same bytes, and holds less while it debates', async () => {
    const run = async (schedule: RunConfig['schedule']) => {
      let backend: Backend | null = null;
      const job = await newJob(createMemoryStore(), async () => (backend = await createWasmBackend()));
      let debated = 0;
      job.onEvent = (event) => {
        if (event.type === 'dataset' && debated === 0) debated = backend?.ledger.peak ?? 0;
      };
      const { id } = await job.coordinator.start({ ...tiny, rounds: 2, schedule }, null);
      await job.coordinator.ended();
      const { trajectories, ...rest } = await outputs(job, id);
      const loads = job.events.flatMap((event) =>
        event.type === 'load' && event.phase === 'ready' ? [event.model] : [],
      );
      return { debated, loads, result: { ...rest, trajectories: trajectories.replaceAll(id, 'ID') } };
    };
    const [all, alone] = [await run('together'), await run('one-at-a-time')];
    expect(alone.result).toEqual(all.result);
    expect(all.debated).toBeGreaterThan(0);
    expect(alone.debated).toBeLessThan(0.6 * all.debated);
    expect(all.loads).toHaveLength(4);
    expect(alone.loads.length).toBeGreaterThan(6);
  });

  it('refuses a second run while one works', async () => {
    const job = await newJob();
    await job.coordinator.start(tiny, null);
    await expect(job.coordinator.start({ ...tiny, seed: 2 }, null)).rejects.toBeInstanceOf(BusyError);
    await job.coordinator.stop();
  });

  it('fails with the reason when a model is not there, and keeps the run', async () => {
    const job = await newJob();
    await job.coordinator.start({ ...tiny, student: 'no-such-model' }, null);
    await job.coordinator.ended();
    const [run] = await job.api.runs.list();
    expect(run?.status).toBe('failed');
    expect(run?.error?.code).toBe('config');
    expect(run?.error?.message).toContain('no-such-model');
  });

  it('imports its own archive as another run with the same turns and report', async () => {
    const job = await newJob();
    const { id } = await job.coordinator.start(tiny, null);
    await job.coordinator.ended();
    const archive = await job.api.runs.archive(id);
    const copy = await job.api.runs.importArchive(unpackArchive(packArchive(archive)));
    expect(copy.id).not.toBe(id);
    const again = await job.api.runs.archive(copy.id);
    expect(again.report).toEqual(archive.report);
    expect(trajectoriesJsonl(again.turns).replaceAll(copy.id, id)).toBe(trajectoriesJsonl(archive.turns));
    await expect(job.api.runs.importArchive({ format: 'other' })).rejects.toMatchObject({
      code: 'import',
    });
  });
});
