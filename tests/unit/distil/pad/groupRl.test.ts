/** The group-RL loop on the bundled student: what it logs, that it repeats and resumes to the byte, and its rewards. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, InterruptedError } from '../../../../src/core/errors';
import type { TrainLog } from '../../../../src/records/trainLog';
import { groupRl, type GroupRlResult } from '../../../../src/distil/pad/groupRl';
import type { GroupRlRequest } from '../../../../src/distil/pad/groupRlRun';
import { RewardModel } from '../../../../src/distil/pad/rewardModel';
import { defaultGroupRlOptions, type GroupRlOptions } from '../../../../src/distil/pad/rlOptions';
import { createAdapter } from '../../../../src/lm/adapter';
import { generateQuestions } from '../../../../src/tasks/wordProblems';
import { loadStudent, type Student } from './student';

const questions = generateQuestions({ seed: 3, split: 'train', count: 6 }).map((question) => ({
  id: question.id,
  messages: [{ role: 'user' as const, content: question.text }],
  gold: question.gold,
  answerType: question.answerType,
}));

const short: GroupRlOptions = {
  ...defaultGroupRlOptions,
  updates: 6,
  questions: 2,
  samples: 4,
  maxTokens: 28,
  iterations: 1,
  miniBatches: 2,
  reward: 'verifiable',
  advantage: 'z-score',
  evalEvery: 2,
  lr: 5e-3,
  warmup: 0,
  rowsPerPass: 300,
  lora: { ...defaultGroupRlOptions.lora, rank: 4, alpha: 8 },
  hacking: null,
};

let student: Student;
beforeAll(async () => {
  student = await loadStudent();
});
afterAll(() => student.dispose());

function run(options: Partial<GroupRlOptions>, more: Partial<GroupRlRequest> = {}): Promise<GroupRlResult> {
  const { model, tokenizer } = student;
  return groupRl({
    model,
    tokenizer,
    init: null,
    questions,
    heldOut: questions.slice(0, 3),
    rewardModel: null,
    options: { ...short, ...options },
    ...more,
  });
}

const weights = (result: GroupRlResult): Uint8Array => result.files['adapter_model.safetensors']!;

/** A reward model with random parameters: it scores, but knows nothing. */
function randomRewardModel(): RewardModel {
  const { model, tokenizer } = student;
  const adapter = createAdapter(model, short.lora, { seed: 1, owner: 'judge' });
  const head = Float32Array.from({ length: 2 * model.config.hidden }, (_, i) => Math.sin(i) / 4);
  return new RewardModel({ model, tokenizer, adapter, head, splitter: 'sentence', owner: 'judge' });
}

describe('group RL', () => {
  it("takes its updates, logs them under TRL's names and leaves nothing allocated", async () => {
    const { logs, stopped, samples, generatedTokens, evaluations, files } = await run({});
    expect(logs.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    for (const log of logs) {
      for (const name of [
        'reward',
        'reward_std',
        'frac_reward_zero_std',
        'kl',
        'entropy',
        'clip_ratio/region_mean',
        'completions/mean_length',
        'completions/clipped_ratio',
        'rewards/verifiable/mean',
      ])
        expect(log[name], name).toBeTypeOf('number');
      expect(log['sampling/sampling_logp_difference/max'], 'sampler against trainer').toBeLessThan(1e-3);
      expect(log['reward']).toBe(log['rewards/verifiable/mean']);
    }
    expect(logs[0]!['kl'], 'a fresh adapter is the base').toBe(0);
    expect(logs[5]!['kl']).toBeGreaterThan(0);
    expect(stopped).toBeNull();
    expect(samples).toBe(3 * 2 * 4);
    expect(logs[5]!['completions/num_tokens']).toBe(generatedTokens);
    expect(evaluations.map(({ step, n }) => [step, n])).toEqual([0, 2, 4, 6].map((step) => [step, 3]));
    expect(logs.flatMap(({ step, eval_accuracy }) => (eval_accuracy === undefined ? [] : step))).toEqual([
      2, 4, 6,
    ]);
    expect(Object.keys(files).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
    expect(student.backend.ledger.byOwner()).not.toHaveProperty('group RL');
  });

  it('gives the same bytes for the same seed, and others for another', async () => {
    const first = await run({ updates: 2 });
    expect(weights(await run({ updates: 2 }))).toEqual(weights(first));
    expect(weights(await run({ updates: 2, seed: 1 }))).not.toEqual(weights(first));
  });

  it.each([
    ['between rollouts', 'log'],
    ['while it samples', 'sampling'],
  ] as const)('stopped %s and resumed gives logs and bytes of an undisturbed run', async (_, moment) => {
    const options = { temperature: 0.7, klForm: 'k1-reward', advantage: 'rloo', iterations: 2 } as const;
    const whole = await run(options);
    const controller = new AbortController();
    const told: TrainLog[] = [];
    let checkpoint: Uint8Array<ArrayBuffer> | null = null;
    let passes = 0;
    const first = run(options, {
      signal: controller.signal,
      // The gate is passed right before a rollout: the abort then falls into its sampling.
      gate: {
        pass: () => {
          if (++passes === 2 && moment === 'sampling') setTimeout(() => controller.abort(), 5);
          return Promise.resolve();
        },
      } as unknown as NonNullable<GroupRlRequest['gate']>,
      onLog: (log) => {
        told.push(log);
        if (log.step === 4 && moment === 'log') controller.abort();
      },
      onCheckpoint: (bytes) => {
        checkpoint = bytes;
      },
    });
    await expect(first).rejects.toBeInstanceOf(InterruptedError);
    expect(told.length).toBeLessThan(whole.logs.length);
    expect(checkpoint).not.toBeNull();
    const rest = await run(options, { resume: checkpoint });
    expect([...told, ...rest.logs]).toEqual(whole.logs);
    expect(rest.evaluations).toEqual(whole.evaluations);
    expect(rest.generatedTokens).toBe(whole.generatedTokens);
    expect(weights(rest)).toEqual(weights(whole));
    expect(student.backend.ledger.byOwner()).not.toHaveProperty('group RL');
  });

  it('refuses a checkpoint of other settings or questions', async () => {
    let checkpoint: Uint8Array<ArrayBuffer> | null = null;
    const onCheckpoint = (bytes: Uint8Array<ArrayBuffer>): void => {
      checkpoint = bytes;
    };
    await run({ updates: 4, saveEvery: 2 }, { onCheckpoint });
    const resume = checkpoint;
    await expect(run({ updates: 4, clip: 0.3 }, { resume })).rejects.toBeInstanceOf(ConfigError);
    await expect(run({ updates: 4 }, { resume, questions: questions.slice(1) })).rejects.toBeInstanceOf(
      ConfigError,
    );
  });

  it('rewards steps by the reward model, alone or beside the verdict', async () => {
    const rewardModel = randomRewardModel();
    const [process] = (await run({ updates: 1, reward: 'process' }, { rewardModel })).logs;
    const [both] = (await run({ updates: 1, reward: 'both' }, { rewardModel })).logs;
    expect(process!['reward']).toBeCloseTo(process!['rewards/process/mean']!, 12);
    // The same samples: the verdict comes on top.
    expect(both!['reward']).toBeCloseTo(process!['reward']! + both!['rewards/verifiable/mean']!, 12);
    expect(both!['rewards/process/mean']).toBeCloseTo(process!['rewards/process/mean']!, 12);
    rewardModel.dispose();
    await expect(run({ reward: 'process' })).rejects.toBeInstanceOf(ConfigError);
  });

  it('continues from an adapter, and takes the divergence to that adapter, not to the base', async () => {
    const rewardModel = randomRewardModel();
    const moved = { lr: 0.02, reward: 'process', miniBatches: 1 } as const;
    const { files } = await run({ ...moved, updates: 2 }, { rewardModel });
    for (const klForm of ['k1-reward', 'k3-loss'] as const) {
      const { logs } = await run({ ...moved, updates: 3, klForm }, { init: files, rewardModel });
      // The first rollout is of the very policy that it starts from.
      expect(logs[0]!['kl'], klForm).toBe(0);
      expect(logs[2]!['kl'], klForm).not.toBe(0);
    }
    rewardModel.dispose();
    expect(student.backend.ledger.byOwner()).not.toHaveProperty('group RL');
  });

  it('chooses its learning rate by the held-out accuracy of short trainings, the lowest of equals, and resumes with it', async () => {
    // The first rate ruins the student, with the others it hardly moves.
    const options = {
      rates: [0.3, 2e-6, 1e-6],
      sweepUpdates: 2,
      updates: 4,
      saveEvery: 2,
      miniBatches: 1,
      reward: 'process',
    } as const;
    const rewardModel = randomRewardModel();
    const heldOut = generateHeldOut();
    let checkpoint: Uint8Array<ArrayBuffer> | null = null;
    const whole = await run(options, {
      heldOut,
      rewardModel,
      onCheckpoint: (bytes) => void (checkpoint = bytes),
    });
    expect(whole.lr).toBe(1e-6);
    expect(whole.sweep).toMatchObject({ updates: 2, n: 40 });
    expect(whole.sweep!.rates.map(({ lr }) => lr)).toEqual(options.rates);
    expect(whole.sweep!.rates[0]!.accuracy).toBeLessThan(whole.sweep!.rates[1]!.accuracy);
    expect(Math.max(...whole.logs.map((log) => log.learning_rate))).toBeLessThanOrEqual(1e-6);
    // Beyond the choice it is the training with that rate.
    expect(weights(whole)).toEqual(
      weights(await run({ ...options, rates: [], lr: 1e-6 }, { heldOut, rewardModel })),
    );
    const resumed = await run(options, { heldOut, rewardModel, resume: checkpoint });
    rewardModel.dispose();
    expect(weights(resumed)).toEqual(weights(whole));
    expect(resumed.sweep).toEqual(whole.sweep);
    await expect(run({ ...options, reward: 'verifiable' }, { heldOut: [] })).rejects.toBeInstanceOf(
      ConfigError,
    );
  });

  it('rewards a second answer for what it made better, and takes the bonus off for what it spoilt', async () => {
    const [right, wrong] = ['19 + 4 = 23. #### 23', '#### 1'];
    const after = (question: (typeof questions)[number], answer: string, first: boolean) => ({
      ...question,
      id: `${question.id}/${first}`,
      first,
      messages: [
        ...question.messages,
        { role: 'assistant' as const, content: answer },
        { role: 'user' as const, content: '<check>' },
      ],
    });
    const second = questions.map((question) => ({
      ...after(question, right, true),
      others: [after(question, wrong, false)],
    }));
    const logs = async (mendBonus: number) =>
      (await run({ updates: 1, mendBonus }, { questions: second, heldOut: second.slice(0, 3) })).logs[0]!;
    const [plain, shaped] = [await logs(0), await logs(2)];
    // The same samples: half of the group answers after the right answer, half after the wrong one.
    expect(plain['reward']).toBe(plain['rewards/verifiable/mean']);
    const bonus = 2 * (plain['rewards/corrected/mean']! - plain['rewards/spoilt/mean']!);
    expect(shaped['reward']).toBeCloseTo(plain['reward']! + bonus, 10);
    expect(plain['rewards/corrected/mean']! + plain['rewards/spoilt/mean']!).toBeGreaterThan(0);
  });

  it('stops for reward hacking and hands over wrong samples with the highest rewards', async () => {
    const rewardModel = randomRewardModel();
    // A learning rate that ruins the model: accuracy falls, and any change of reward is a rise here.
    const { stopped } = await run(
      { updates: 20, lr: 0.3, reward: 'process', hacking: { window: 1, rise: -10, fall: 0.01, level: 0.2 } },
      { rewardModel, heldOut: generateHeldOut() },
    );
    rewardModel.dispose();
    expect(stopped).toMatchObject({ reason: 'reward-hacking' });
    expect(stopped!.accuracy.to).toBeLessThan(stopped!.accuracy.from);
    expect(stopped!.samples.length).toBeGreaterThan(0);
    const rewards = stopped!.samples.map(({ reward }) => reward);
    expect(rewards).toEqual([...rewards].sort((a, b) => b - a));
    expect(stopped!.samples.every(({ answer, gold }) => answer !== gold)).toBe(true);
  });
});

function generateHeldOut(): typeof questions {
  return generateQuestions({ seed: 5, split: 'validation', count: 40 }).map((question) => ({
    id: question.id,
    messages: [{ role: 'user' as const, content: question.text }],
    gold: question.gold,
    answerType: question.answerType,
  }));
}
