/** Process-aware distillation on WebGPU: policy and reward gradients against TRL and PyTorch, and a repeatable rollout. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGpuBackend, type GpuBackend } from '../../src/compute/gpuBackend';
import { readAll } from '../../src/core/fileSource';
import { groupRl, type GroupRlResult } from '../../src/distil/pad/groupRl';
import { packRows } from '../../src/train/batch';
import { contrastiveLoss, headCrossEntropy } from '../../src/distil/pad/rewardHead';
import { defaultGroupRlOptions } from '../../src/distil/pad/rlOptions';
import { namedMatrices } from '../../src/lm/adapter';
import { loadModel } from '../../src/lm/load';
import { UrlSource } from '../../src/lm/sources';
import { loadTokenizer } from '../../src/lm/tokenizer';
import { generateQuestions } from '../../src/tasks/wordProblems';
import { Backprop } from '../../src/train/backprop';
import { compare, goldenFrom, type Golden } from '../unit/train/goldenModel';
import { padGoldenFrom, type PolicyGolden, type RewardGolden } from '../unit/distil/pad/padGolden';
import { holdAgainstTrl } from '../unit/distil/pad/policyGolden';

let backend: GpuBackend;
beforeAll(async () => {
  backend = await createGpuBackend(navigator.gpu);
});
afterAll(() => backend.dispose());

const bytes = (folder: string, file: string): Promise<Uint8Array<ArrayBuffer>> =>
  readAll(new UrlSource(`${location.origin}/tests/golden/${folder}`), file);
const tiny = async (): Promise<Golden> => goldenFrom(backend, await bytes('train', 'llama.safetensors'));

describe('process-aware distillation on WebGPU', () => {
  it('updates a policy with the likelihoods, loss, divergence and gradients of GRPOTrainer', async () => {
    const golden = await padGoldenFrom<PolicyGolden>(await bytes('pad', 'policy.safetensors'));
    await holdAgainstTrl(await tiny(), golden, 'dapo');
  });

  it('trains a reward model with the gradients of PyTorch', async () => {
    const { golden, values, named } = await padGoldenFrom<RewardGolden>(
      await bytes('pad', 'reward.safetensors'),
    );
    const { model, adapter: make } = await tiny();
    const adapter = make();
    const { hidden } = model.config;
    const batch = packRows(golden.documents);
    const size = batch.targets.length * hidden;
    const gradient = backend.tensor([adapter.params.size], { owner: 'test', label: 'gradient' });
    const extraFinal = backend.tensor([size], { owner: 'test', label: 'd final' });
    backend.fill({ x: gradient, value: 0 });
    const backprop = new Backprop(model, adapter, { owner: 'test' });
    backprop.forward(batch);
    const final = await backend.read(backprop.final, 0, size);
    const rows = { final, hidden, labels: golden.hard, agents: golden.agents };
    const main = headCrossEntropy(rows, values('head'), golden.weights);
    const term = contrastiveLoss(rows, 0.1);
    expect(Math.abs(main.loss + 0.5 * term.loss - golden.losses.both)).toBeLessThan(1e-4);
    backend.write(
      extraFinal,
      Float32Array.from(main.gradFinal, (slope, i) => slope + 0.5 * term.gradFinal[i]!),
    );
    backprop.backwardFinal({ extraFinal, gradient });
    const ours = namedMatrices(adapter, await backend.read(gradient));
    for (const [name, wanted] of named('both.lora.')) {
      const { cosine, relative } = compare(ours.get(name)!.values, wanted.values);
      expect(cosine, name).toBeGreaterThan(0.99999);
      expect(relative, name).toBeLessThan(1e-3);
    }
    backprop.dispose();
    backend.release(gradient, extraFinal);
  });

  it('gives the same adapter for the same seed on the bundled student', async () => {
    const source = new UrlSource(`${location.origin}/models/student`);
    const model = await loadModel(source, backend, { owner: 'student' });
    const tokenizer = await loadTokenizer(source, { eosIds: model.config.eosIds });
    const questions = generateQuestions({ seed: 3, split: 'train', count: 2 }).map((question) => ({
      id: question.id,
      messages: [{ role: 'user' as const, content: question.text }],
      gold: question.gold,
      answerType: question.answerType,
    }));
    const options = {
      ...defaultGroupRlOptions,
      updates: 2,
      questions: 2,
      samples: 4,
      maxTokens: 16,
      reward: 'verifiable' as const,
      klForm: 'k1-reward' as const,
      klWeight: 0.1,
      lora: { ...defaultGroupRlOptions.lora, rank: 4 },
    };
    const run = (): Promise<GroupRlResult> =>
      groupRl({ model, tokenizer, init: null, questions, heldOut: [], rewardModel: null, options });
    const first = await run();
    expect(first.logs).toHaveLength(2);
    expect(first.logs[0]!['sampling/sampling_logp_difference/max']).toBeLessThan(1e-3);
    expect((await run()).files).toEqual(first.files);
    expect(backend.ledger.byOwner()).not.toHaveProperty('group RL');
  });
});
