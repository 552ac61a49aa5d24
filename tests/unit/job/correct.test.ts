import { describe, expect, it } from 'vitest';
import { selfCheckMessages } from '../../../src/debate/prompts';
import { parseEvalProtocol } from '../../../src/records/evalProtocol';
import { withValues, type RunConfig } from '../../../src/settings/config';
import { goneOn, nodeJobs, tinyJob, type NodeJob } from '../../support/nodeJob';

const tiny = withValues(tinyJob, {
  strategies: ['rsft+correct'],
  controls: ['equal-steps'],
  'correct.samples': 2,
  testQuestions: 4,
});

const newJob = nodeJobs();

async function ran(config: RunConfig): Promise<{ job: NodeJob; id: string }> {
  const job = await newJob();
  const { id } = await job.coordinator.start(config, null);
  await job.coordinator.ended();
  return { job, id };
}

describe('a run with self-correction', () => {
  it("learns from the student's own answers as RSFT left it, beside the control of equal steps", async () => {
    const { job, id } = await ran(tiny);
    const { run, report, logs, datasets, turns, questions } = await job.api.runs.archive(id);
    expect(run.error).toBeNull();
    expect(logs.map(({ strategy }) => strategy).sort()).toEqual([
      'equal-steps',
      'rsft',
      'rsft+correct',
      'rsft-part',
    ]);
    const steps = (name: string) => logs.find(({ strategy }) => strategy === name)?.steps.at(-1)?.step;
    expect(steps('equal-steps')).toBe(steps('rsft+correct'));

    // Two samples and a greedy answer to each of the 2 of 8 training questions that RSFT did not see, by its adapter and no other.
    const own = turns.filter(({ protocol }) => /^eval:own-/.test(protocol));
    expect(own).toHaveLength(3 * 2);
    const learned = new Set(
      datasets.find(({ strategy }) => strategy === 'rsft-part')!.traces.map(({ questionId }) => questionId),
    );
    for (const { questionId } of own) expect(learned).not.toContain(questionId);
    expect(new Set(own.map(({ sampling }) => sampling.temperature))).toEqual(new Set([0, 1]));
    for (const { protocol } of own)
      expect(parseEvalProtocol(protocol)?.arm).toMatch(/^own-(greedy|sampled):rsft-part:[0-9a-f]{8}$/);

    // Its rows ask as the evaluation's second pass does.
    const rows = datasets.find(({ strategy }) => strategy === 'rsft+correct')!;
    const checked = rows.traces.filter(({ messages }) => messages.length > 1);
    expect(checked.length).toBe(rows.parts!.corrected + rows.parts!.confirmed);
    expect(rows.traces).toHaveLength(2 * checked.length);
    for (const { questionId, messages } of checked) {
      const question = questions.find((one) => one.id === questionId)!;
      const answer = messages[1]!.content;
      expect(messages).toEqual(selfCheckMessages({ style: 'compact', question, own: answer }));
    }
    expect(report?.datasets['distilled:rsft+correct']?.parts).toEqual(rows.parts);
  });

  it('reports what checking mends and spoils, after greedy and after sampled first answers, for student, base and control', async () => {
    const { job, id } = await ran(tiny);
    const { report, turns } = await job.api.runs.archive(id);
    const rows = report!.selfCorrection;
    expect(rows.map(({ arm, temperature }) => [arm, temperature])).toEqual(
      ['base', 'distilled:rsft+correct', 'control:equal-steps'].flatMap((arm) => [
        [arm, 0],
        [arm, 1],
      ]),
    );
    for (const row of rows) {
      expect(row.n).toBe(4);
      expect(row.after - row.before).toBe(row.wrongToRight - row.rightToWrong);
      expect(row.difference).toBe((row.after - row.before) / 4);
      expect(row.corrected?.n).toBe(4 - row.before);
      expect(row.spoilt?.n).toBe(row.before);
    }
    const firsts = turns.filter(({ protocol }) => protocol === 'eval:distilled:rsft+correct:sampled');
    expect(firsts.map(({ sampling }) => sampling.temperature)).toEqual([1, 1, 1, 1]);
    const seconds = turns.filter(({ protocol }) => protocol === 'eval:distilled:rsft+correct:sampled:check');
    expect(seconds.map(({ sampling }) => sampling.temperature)).toEqual([0, 0, 0, 0]);
    for (const { questionId, messages } of seconds)
      expect(messages[1]?.content).toBe(firsts.find((turn) => turn.questionId === questionId)?.reply);
  });

  it('practises the second answer by RL, on several first answers of a question', async () => {
    const { job, id } = await ran(
      withValues(tiny, {
        strategies: ['rsft+correct', 'rsft+correct+rl'],
        controls: [],
        validationQuestions: 3,
        'correct.rlUpdates': 2,
        'pad.rl.questions': 2,
        'pad.rl.samples': 4,
      }),
    );
    const { run, report, logs } = await job.api.runs.archive(id);
    expect(run.error).toBeNull();
    expect(report?.arms.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['distilled:rsft+correct', 'distilled:rsft+correct+rl']),
    );
    const [practice] = report!.pad!.runs;
    expect(practice).toMatchObject({
      strategy: 'rsft+correct+rl',
      reward: 'verifiable',
      samples: 16,
      lr: 2e-4,
    });
    // Greedy and sampled, both of each of three validation questions.
    expect(practice?.evaluations[0]?.n).toBe(6);
    const log = logs.find(({ strategy }) => strategy === 'rsft+correct+rl')?.steps.at(-1);
    expect(log?.['rewards/corrected/mean']).toBeTypeOf('number');
    // The rows that a length cuts are of supervised trainings alone.
    const { rows, ...data } = report!.datasets['distilled:rsft+correct']!;
    expect(rows).toBeDefined();
    expect(report?.datasets['distilled:rsft+correct+rl']).toEqual(data);
  });

  it.each(['debate', 'student'] as const)(
    'takes the answers of the %s alone where it is told to',
    async (from) => {
      const { job, id } = await ran(withValues(tiny, { controls: [], 'correct.from': from, labels: 'gold' }));
      const { run, turns, datasets } = await job.api.runs.archive(id);
      const own = turns.filter(({ protocol }) => /^eval:own-/.test(protocol)).map(({ reply }) => reply);
      expect(own.length > 0).toBe(from === 'student');
      if (run.error) {
        expect(run.error.code).toBe('nothing-to-learn');
        return;
      }
      const debated = new Set(
        turns.filter(({ protocol }) => protocol === 'debate').map(({ reply }) => reply),
      );
      const rows = datasets.find(({ strategy }) => strategy === 'rsft+correct')!.traces;
      for (const { messages } of rows.filter(({ messages: all }) => all.length > 1))
        expect(from === 'student' ? own : [...debated]).toContain(messages[1]?.content);
    },
  );

  it('stopped while the student answers and resumed ends as an undisturbed one', async () => {
    const bytes = async (job: NodeJob, id: string) => {
      const files = await job.api.runs.adapter({ runId: id, strategy: 'rsft+correct', seed: 0 });
      return [...files['adapter_model.safetensors']!];
    };
    const whole = await ran(tiny);
    const { second, id } = await goneOn(
      newJob,
      tiny,
      (event) => event.type === 'turn' && event.turn.protocol.startsWith('eval:own-sampled'),
    );
    expect(await bytes(second, id)).toEqual(await bytes(whole.job, whole.id));
  });
});
