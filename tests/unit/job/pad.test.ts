import { describe, expect, it } from 'vitest';
import type { JobEvent } from '../../../src/wire/jobEvents';
import { withValues, type Path, type RunConfig, type ValueAt } from '../../../src/settings/config';
import { changedStore, createMemoryStore } from '../../support/memoryStore';
import { goneOn, nodeJobs, tinyJob, type NodeJob } from '../../support/nodeJob';

const tiny = withValues(tinyJob, {
  strategies: ['pad'],
  validationQuestions: 4,
  testQuestions: 4,
  steps: 2,
  'pad.rl.updates': 4,
  'pad.rl.questions': 2,
  'pad.rl.samples': 2,
  'pad.reward.steps': 4,
  'pad.reward.ownSamples': 1,
});

type Changes = { readonly [P in Path]?: ValueAt<P> };
const once = (changes: Changes): RunConfig => withValues(tiny, { 'pad.rl.updates': 1, ...changes });

const newJob = nodeJobs();

/** What a run of PAD must repeat: adapters of student and reward model, the log, what the report says of PAD. */
async function outputs(job: NodeJob, id: string, strategy = 'pad') {
  const { run, logs, report } = await job.api.runs.archive(id);
  expect(run.error).toBeNull();
  expect(run.status).toBe('done');
  const bytes = async (name: string) =>
    Object.entries(await job.api.runs.adapter({ runId: id, strategy: name, seed: 0 })).map(([file, all]) => [
      file,
      [...all],
    ]);
  return {
    student: await bytes(strategy),
    judge: await bytes('reward-model'),
    logs: logs.map(({ strategy: name, steps }) => [name, steps]),
    pad: report?.pad,
  };
}

async function undisturbed(config: RunConfig) {
  const job = await newJob();
  const { id } = await job.coordinator.start(config, null);
  await job.coordinator.ended();
  return outputs(job, id);
}

/** The labels by continuations that a run has stored. */
async function continuations(store: NodeJob['store'], runId: string): Promise<readonly unknown[]> {
  return store.getContinuations(runId);
}

describe('a run with PAD', () => {
  it('practises on extra problems that nobody debated, and RSFT before it learns from all questions', async () => {
    const job = await newJob();
    const { id } = await job.coordinator.start(
      once({ strategies: ['rsft', 'rsft+pad'], 'pad.rl.extraQuestions': 5 }),
      null,
    );
    await job.coordinator.ended();
    const { run, report, logs, turns } = await job.api.runs.archive(id);
    expect(run.error).toBeNull();
    expect(logs.map(({ strategy }) => strategy).sort()).toEqual(['reward-model', 'rsft', 'rsft+pad']);
    expect(report?.pad?.runs.map(({ questions }) => questions)).toEqual([{ practised: 5, learnt: 0 }]);
    expect(report?.trainQuestions).toHaveLength(8);
    expect(
      new Set(turns.filter(({ split }) => split === 'train').map(({ questionId }) => questionId)).size,
    ).toBe(8);
  });

  it('trains a reward model, then the student, and reports both beside the arms', async () => {
    const job = await newJob();
    const { id } = await job.coordinator.start(
      withValues(tiny, { strategies: ['pad', 'rsft+pad', 'pad+da'], 'pad.rl.updates': 2 }),
      null,
    );
    await job.coordinator.ended();
    const { run, report, logs, datasets } = await job.api.runs.archive(id);
    expect(run.error).toBeNull();
    expect(report?.arms.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['distilled:pad', 'distilled:rsft+pad', 'distilled:pad+da']),
    );
    expect(logs.map(({ strategy }) => strategy).sort()).toEqual([
      'pad',
      'pad+da',
      'reward-model',
      'rsft+pad',
      'rsft-part',
    ]);
    expect(datasets.map(({ strategy }) => strategy).sort()).toEqual(['pad+da', 'reward-model', 'rsft-part']);
    const pad = report?.pad;
    // A quarter of the eight questions is kept for RL after RSFT; from the untrained student it practises on all.
    expect(pad?.runs.map(({ questions, lr, trend }) => [questions, lr, trend])).toEqual([
      [{ practised: 8, learnt: 0 }, 1e-3, null],
      [{ practised: 2, learnt: 0 }, 2e-4, null],
    ]);
    // 3 agents speak twice to each of 4 validation questions, and a chain has 3 to 5 steps.
    expect(pad?.rewardModel?.n).toBeGreaterThanOrEqual(3 * 24);
    expect(pad?.rewardModel?.byAgent.map(({ agent, trained }) => [agent, trained])).toEqual([
      ['agent-a#0', true],
      ['agent-b#1', true],
      ['agent-c#2', true],
      ['student', true],
    ]);
    expect(pad?.runs.map(({ strategy, samples }) => [strategy, samples])).toEqual([
      ['pad', 8],
      ['rsft+pad', 8],
    ]);
    // Held-out AUC is logged while it learns; after the last step it is the finished one's.
    const judged = logs.find(({ strategy }) => strategy === 'reward-model')?.steps.at(-1);
    expect(judged?.['eval_auc']).toBe(pad?.rewardModel?.auc);
    expect(judged?.eval_loss).toBeGreaterThan(0);
    expect(pad?.log.filter(({ step }) => step > 0)).toHaveLength(2);
    expect(pad?.traces[0]?.steps[0]?.good).toBeGreaterThan(0);
    const told = job.events.filter((event) => event.type === 'pad');
    expect(told.length).toBeGreaterThanOrEqual(3);
  });

  it.each([
    ['the reward model', (event: JobEvent) => isStep(event, 'reward-model', 2)],
    ['the student', (event: JobEvent) => isStep(event, 'pad', 2)],
  ])('stopped while it trains %s and resumed ends as an undisturbed one', async (_, when) => {
    const whole = await undisturbed(tiny);
    const { second, id } = await goneOn(newJob, tiny, when);
    expect(await outputs(second, id)).toEqual(whole);
    // It went on: the first steps were not trained again.
    expect(second.events.some((event) => isStep(event, 'reward-model', 1))).toBe(false);
  });

  it('needs no reward model when only answers are rewarded', async () => {
    const job = await newJob();
    const { id } = await job.coordinator.start(once({ 'pad.rl.reward': 'verifiable' }), null);
    await job.coordinator.ended();
    const { report, logs } = await job.api.runs.archive(id);
    expect(logs.map(({ strategy }) => strategy)).toEqual(['pad']);
    expect(report?.pad?.rewardModel).toBeNull();
    expect(report?.pad?.runs[0]?.reward).toBe('verifiable');
  });

  it('starts its reward model as the student: from a fresh adapter, or from RSFT on the same debate where the setting says so', async () => {
    const strategies = async (start: 'rsft' | 'base' | 'auto') => {
      const job = await newJob();
      const { id } = await job.coordinator.start(once({ 'pad.reward.start': start }), null);
      await job.coordinator.ended();
      const { report, logs } = await job.api.runs.archive(id);
      // What only the reward model needed is no arm.
      expect(report?.arms.some(({ name }) => name === 'distilled:rsft')).toBe(false);
      const [first] = logs.find(({ strategy }) => strategy === 'reward-model')?.steps ?? [];
      return { names: logs.map(({ strategy }) => strategy).sort(), loss: first?.loss };
    };
    const started = await strategies('rsft');
    const fresh = await strategies('base');
    expect(await strategies('auto')).toEqual(fresh);
    expect(started.names).toEqual(['pad', 'reward-model', 'rsft']);
    expect(fresh.names).toEqual(['pad', 'reward-model']);
    expect(started.loss).not.toBe(fresh.loss);
  });

  it.each([
    ['pad.reward.splitter', 'equation'],
    ['pad.reward.afterError', 'bad'],
    ['pad.reward.contrastive', 0.5],
  ] as const)('learns to judge otherwise with %s %s, and says so', async (name, value) => {
    const judge = async (change: Changes) => {
      const job = await newJob();
      const { id } = await job.coordinator.start(once(change), null);
      await job.coordinator.ended();
      const { run, report, logs } = await job.api.runs.archive(id);
      expect(run.error).toBeNull();
      const losses = logs.find(({ strategy }) => strategy === 'reward-model')?.steps.map(({ loss }) => loss);
      return { losses, labels: report?.pad?.rewardModel?.labels };
    };
    const usual = await judge({});
    const other = await judge({ [name]: value });
    expect(other.losses).not.toEqual(usual.losses);
    expect(other.labels?.afterError).toBe(name === 'pad.reward.afterError' ? 'bad' : 'own');
  });

  it.each([
    ['pad.rl.klForm', 'k1-reward', 64],
    ['pad.rl.normalisation', 'grpo', 64],
    // Some of the completions are cut off at 20 tokens.
    ['pad.rl.maskTruncated', true, 20],
  ] as const)('updates the student otherwise with %s %s', async (name, value, maxTokens) => {
    const policy = async (change: Changes) => {
      const job = await newJob();
      const config = withValues(tiny, {
        'pad.rl.reward': 'both',
        maxTokens,
        'pad.rl.samples': 8,
        'pad.rl.klWeight': 1,
        'pad.rl.lr': [0.01],
        ...change,
      });
      const { id } = await job.coordinator.start(config, null);
      await job.coordinator.ended();
      expect((await job.api.runs.archive(id)).run.error).toBeNull();
      return [
        ...(await job.api.runs.adapter({ runId: id, strategy: 'pad', seed: 0 }))[
          'adapter_model.safetensors'
        ]!,
      ];
    };
    expect(await policy({ [name]: value })).not.toEqual(await policy({}));
  });

  it('does not teach its reward model the traces of a held-out agent, and measures it on them', async () => {
    const job = await newJob();
    const config = once({ 'pad.reward.heldOutAgents': [2], 'pad.reward.start': 'rsft' });
    const { id } = await job.coordinator.start(config, null);
    await job.coordinator.ended();
    const { report, datasets, logs } = await job.api.runs.archive(id);
    // Nor does what it starts from.
    expect(logs.map(({ strategy }) => strategy).sort()).toEqual(['pad', 'reward-model', 'reward-start']);
    const start = datasets.find(({ strategy }) => strategy === 'reward-start');
    expect(start?.traces.some(({ source }) => source.some(({ agent }) => agent === 2))).toBe(false);
    const trained = report?.pad?.rewardModel?.byAgent.map(({ agent, trained: by }) => [agent, by]);
    expect(trained).toEqual([
      ['agent-a#0', true],
      ['agent-b#1', true],
      ['agent-c#2', false],
      ['student', true],
    ]);
    // 8 questions, answered three times by each of 3 agents.
    const judged = datasets.find(({ strategy }) => strategy === 'reward-model');
    expect(judged).toMatchObject({ kept: 48, dropped: { 'held-out-agent': 24 } });
  });

  const continued = once({
    trainQuestions: 2,
    validationQuestions: 1,
    'pad.reward.labels': 'monte-carlo',
    'pad.reward.continuations': 2,
    'pad.reward.steps': 1,
  });

  it.each(['soft', 'hard'] as const)(
    'labels steps by continuations where the checker cannot, %s, and counts them',
    async (form) => {
      const job = await newJob();
      const { id } = await job.coordinator.start(
        withValues(continued, { 'pad.reward.labelForm': form }),
        null,
      );
      await job.coordinator.ended();
      const { run, report } = await job.api.runs.archive(id);
      expect(run.error).toBeNull();
      const { kind, judged, good = 0, bad = 0, soft = 0, ...rest } = report!.pad!.rewardModel!.labels;
      expect(kind).toBe('monte-carlo');
      expect(good + bad + soft).toBe(judged);
      expect(rest.continuationTokens).toBeGreaterThan(0);
      // Of two continuations one may be right.
      if (form === 'soft') expect(soft).toBeGreaterThan(0);
      else expect(soft).toBe(0);
    },
  );

  it('stopped while it labels steps by continuations resumes with those that are done', async () => {
    const config = { ...continued, trainQuestions: 3 };
    const whole = await newJob();
    const { id: wholeId } = await whole.coordinator.start(config, null);
    await whole.coordinator.ended();
    const all = await continuations(whole.store, wholeId);

    // Stopped at the first write of what came: events are thinned by time, writes are not.
    const store = createMemoryStore();
    const written: number[] = [];
    const first = await newJob(
      changedStore(store, {
        ...store,
        putContinuations: async (runId, records) => {
          await store.putContinuations(runId, records);
          written.push(records.length);
          if (written.length === 1) void first.coordinator.stop();
        },
      }),
    );
    const { id } = await first.coordinator.start(config, null);
    await first.coordinator.ended();
    expect((await first.api.runs.list())[0]?.status).toBe('interrupted');
    const kept = await continuations(store, id);
    expect(kept).toEqual(all.slice(0, kept.length));
    expect(written[0]).toBeLessThan(all.length);

    const second = await newJob(store);
    await second.coordinator.resume(id);
    await second.coordinator.ended();
    expect(await outputs(second, id)).toEqual(await outputs(whole, wholeId));
    // None was drawn twice: a record that came again would stand there twice.
    expect(await continuations(store, id)).toEqual(all);
  });

  it('starts from DA as well, and moves the student in a single update', async () => {
    const job = await newJob();
    const { id } = await job.coordinator.start(once({ strategies: ['da+pad'] }), null);
    await job.coordinator.ended();
    const { run, report, logs } = await job.api.runs.archive(id);
    expect(run.error).toBeNull();
    expect(report?.arms.some(({ name }) => name === 'distilled:da+pad')).toBe(true);
    // The reward model of a stack starts from RSFT on all questions.
    expect(logs.map(({ strategy }) => strategy).sort()).toEqual([
      'da+pad',
      'da-part',
      'reward-model',
      'rsft',
    ]);
    const weights = async (strategy: string) => [
      ...(await job.api.runs.adapter({ runId: id, strategy: strategy, seed: 0 }))[
        'adapter_model.safetensors'
      ]!,
    ];
    expect(await weights('da+pad')).not.toEqual(await weights('da-part'));
  });

  it('says what it was trained on, and how baselines without arithmetic score each agent', async () => {
    const { pad } = await undisturbed(tiny);
    const { labels, byAgent, baselines } = pad!.rewardModel!;
    expect((labels.good ?? 0) + (labels.bad ?? 0)).toBe(labels.judged);
    expect(labels.ownSampleTokens).toBeGreaterThan(0);
    expect(labels.continuationTokens).toBe(0);
    const own = byAgent.map((row) => row.baselines?.answerOnly);
    expect(own).toHaveLength(4);
    // Four subsets of the traces whose pooled figure is another.
    expect(own.some((value) => typeof value === 'number' && value !== baselines.answerOnly)).toBe(true);
  });
});

function isStep(event: JobEvent, strategy: string, step: number): boolean {
  return event.type === 'train' && event.strategy === strategy && event.log.step === step;
}
