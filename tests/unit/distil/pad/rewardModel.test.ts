/** Training a reward model on the bundled student: it learns, repeats and resumes to the byte; its figures. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, FileFormatError, InterruptedError } from '../../../../src/core/errors';
import type { LabelledTrace } from '../../../../src/distil/pad/rewardData';
import { baselinesFrom, auc, rewardMetrics, traceScore } from '../../../../src/distil/pad/rewardMetrics';
import { headFile, loadRewardModel } from '../../../../src/distil/pad/rewardModel';
import { defaultRewardOptions, type RewardOptions } from '../../../../src/distil/pad/rewardOptions';
import { trainRewardModel, type RewardTrainResult } from '../../../../src/distil/pad/trainReward';
import type { RewardTrainRequest } from '../../../../src/distil/pad/rewardRun';
import { generateQuestions } from '../../../../src/tasks/wordProblems';
import { loadStudent, type Student } from './student';

let student: Student;
beforeAll(async () => {
  student = await loadStudent();
});
afterAll(() => student.dispose());

/** Two traces a question: its solution, and the solution with a zero put after its first result. */
const traces: LabelledTrace[] = generateQuestions({ seed: 9, split: 'train', count: 40 }).flatMap((question) => {
  const shared = { questionId: question.id, messages: [{ role: 'user' as const, content: question.text }] };
  const right = question.solution!;
  const wrong = right.replace(/= (\d+)/, '= $10');
  const steps = right.split('. ').length;
  return [
    { ...shared, agent: 'a', reply: right, correct: true, answer: question.gold, labels: Array<number>(steps).fill(1) },
    { ...shared, agent: 'b', reply: wrong, correct: false, answer: null, labels: [0, ...Array<number>(steps - 1).fill(1)] },
  ];
}); // prettier-ignore
const [training, heldOut] = [traces.slice(0, 60), traces.slice(60)];

const short: RewardOptions = {
  ...defaultRewardOptions,
  steps: 6,
  batch: 6,
  warmup: 1,
  lora: { ...defaultRewardOptions.lora, rank: 4, alpha: 8 },
  contrastive: { weight: 0.5, temperature: 0.1 },
};

function run(
  options: Partial<RewardOptions>,
  more: Partial<RewardTrainRequest> = {},
): Promise<RewardTrainResult> {
  const { model, tokenizer } = student;
  return trainRewardModel({
    model,
    tokenizer,
    traces: training,
    heldOut,
    options: { ...short, ...options },
    ...more,
  });
}

describe('a reward model', () => {
  it('learns to tell bad steps on held-out questions, and its files score as it did', async () => {
    const { metrics, logs, files } = await run({ steps: 30, batch: 10, lr: 5e-3, contrastive: null });
    expect(logs[0]!.loss).toBeGreaterThan(logs.at(-1)!.loss);
    expect(metrics.stepAuc).toBeGreaterThan(0.9);
    expect(metrics.steps).toBe(heldOut.reduce((sum, { labels }) => sum + labels.length, 0));
    expect(metrics.bestOfN).toMatchObject({ n: 2, questions: 10, oracle: 1, single: 0.5 });
    expect(metrics.calibration.reduce((sum, { n }) => sum + n, 0)).toBe(metrics.steps);
    expect(Object.keys(files)).toContain(headFile);
    const { model, tokenizer } = student;
    const loaded = await loadRewardModel({ model, tokenizer, files });
    const scored = await loaded.scoreTexts(heldOut);
    const again = rewardMetrics(heldOut, scored.map((steps) => steps.map(({ good }) => good)), 'sentence'); // prettier-ignore
    expect(again).toEqual(metrics);
    expect(heldOut[0]!.reply.slice(scored[0]![0]!.start, scored[0]![0]!.end)).toBe(scored[0]![0]!.text);
    loaded.dispose();
    expect(student.backend.ledger.byOwner()).not.toHaveProperty('reward model');
  });

  it('stopped and resumed gives the bytes of an undisturbed training, contrastive term included', async () => {
    const whole = await run({});
    expect(whole.logs[0]!['contrastive_loss']).toBeGreaterThan(0);
    const controller = new AbortController();
    let checkpoint: Uint8Array<ArrayBuffer> | null = null;
    const first = run({}, {
      signal: controller.signal,
      onLog: ({ step }) => {
        if (step === 3) controller.abort();
      },
      onCheckpoint: (bytes) => {
        checkpoint = bytes;
      },
    }); // prettier-ignore
    await expect(first).rejects.toBeInstanceOf(InterruptedError);
    const rest = await run({}, { resume: checkpoint });
    expect(rest.logs).toEqual(whole.logs.slice(3));
    expect(rest.files).toEqual(whole.files);
    await expect(run({ lr: 1 }, { resume: checkpoint })).rejects.toBeInstanceOf(ConfigError);
  });

  it.each([
    ['between two steps', { evalEvery: 3 }, 2],
    ['after the last one', {}, 6],
  ])('is stopped while it is measured %s, and goes on to the same bytes', async (_, options, after) => {
    const whole = await run(options);
    const controller = new AbortController();
    const told: number[] = [];
    let checkpoint: Uint8Array<ArrayBuffer> | null = null;
    // The stop comes when the first held-out reply is read after the log of step `after`.
    const [first, ...others] = heldOut;
    const watched = {
      ...first!,
      get reply() {
        if (told.at(-1) === after) controller.abort();
        return first!.reply;
      },
    };
    const stopped = run(options, {
      heldOut: [watched, ...others],
      signal: controller.signal,
      onLog: ({ step }) => told.push(step),
      onCheckpoint: (bytes) => {
        checkpoint = bytes;
      },
    });
    await expect(stopped).rejects.toBeInstanceOf(InterruptedError);
    expect(told.at(-1)).toBe(after);
    expect(checkpoint).not.toBeNull();
    const rest = await run(options, { resume: checkpoint });
    expect(rest.logs).toEqual(whole.logs.slice(after));
    expect(rest.files).toEqual(whole.files);
    expect(rest.metrics).toEqual(whole.metrics);
  });

  it('hears a stop that comes as an event, on a backend that never waits', async () => {
    const controller = new AbortController();
    const stopped = run({}, {
      signal: controller.signal,
      onLog: ({ step }) => {
        if (step === 1) setTimeout(() => controller.abort(), 0);
      },
    }); // prettier-ignore
    await expect(stopped).rejects.toBeInstanceOf(InterruptedError);
  });

  it('refuses traces without a judged step, and files without a head', async () => {
    const blind = training.map((trace) => ({ ...trace, labels: trace.labels.map(() => null) }));
    await expect(run({}, { traces: blind })).rejects.toBeInstanceOf(ConfigError);
    const { model, tokenizer } = student;
    await expect(loadRewardModel({ model, tokenizer, files: {} })).rejects.toBeInstanceOf(FileFormatError);
  });
});

describe('its figures', () => {
  it('hold the area under the ROC curve, ties at half', () => {
    // Pairs (good, bad): 0.9 above both, 0.4 above 0.1 and equal to 0.4: 3.5 of 4.
    expect(auc([0.9, 0.4, 0.4, 0.1], [true, true, false, false])).toBe(3.5 / 4);
    expect(auc([0.2, 0.3], [true, true])).toBeNull();
  });

  it('score a trace by its worst step, and one without steps worst of all', () => {
    expect(traceScore([0.9, 0.1])).toBeLessThan(traceScore([0.6, 0.6]));
    expect(traceScore([])).toBe(-1);
  });

  it('compare best-of-n with vote and oracle, and steps with baselines that read no text', () => {
    const reply = '1 + 1 = 2. 2 + 2 = 4. #### 4';
    const trace = (agent: string, answer: string, labels: number[]): LabelledTrace => ({
      questionId: 'q',
      agent,
      messages: [],
      reply,
      answer,
      correct: answer === '4',
      labels,
    });
    const held = [trace('a', '5', [1, 0, 0]), trace('b', '5', [1, 0, 0]), trace('c', '4', [1, 1, 1])];
    const good = [1, 0.9, 0.9];
    const metrics = rewardMetrics(held, [[1, 0.2, 0.2], [1, 0.3, 0.2], good], 'sentence');
    const baselines = baselinesFrom(held, 'sentence')(held);
    expect(metrics.bestOfN).toEqual({
      n: 3,
      questions: 1,
      rewardModel: 1,
      vote: 0,
      oracle: 1,
      single: 1 / 3,
    });
    expect(metrics.stepAuc).toBe(1);
    expect(metrics.traceAuc).toBe(1);
    // First steps are all good, later ones in one of three: of 5 x 4 pairs the 3 x 4 of first steps count, and half of 2 x 4.
    expect(baselines.position).toBeCloseTo((12 + 4) / 20, 12);
    // Of the good steps 3 stand in a right trace and 2 in wrong ones, where all 4 bad steps are.
    expect(baselines.answerOnly).toBeCloseTo((3 * 4 + 0.5 * 2 * 4) / 20, 12);
    expect(metrics.brier).toBeCloseTo((0.04 + 0.04 + 0.09 + 0.04 + 0.01 + 0.01) / 9, 12);
  });
});
