/** The chaos page: `window.chaos`, which the command drives. */
import { withValues, presets, type RunConfig } from '../../src/settings/config';
import { plan, kinds, isGpu, type Fault, type Kind } from './faults';
import { TrialRun, type Outside, type Trial, type TrialEnd } from './trial';

/** Debate, supervised training, reward model, group RL and evaluation of the bundled models, as small as they can be. */
const tiny: RunConfig = withValues(
  {
    ...presets.quick,
    preset: 'custom',
    trainQuestions: 4,
    validationQuestions: 2,
    testQuestions: 2,
    nAgents: 2,
    strategies: ['rsft+pad'],
    controls: [],
    steps: 4,
    batch: 2,
    maxTokens: 40,
    labels: 'none',
    stepFilter: 'off',
    selfCheck: false,
    backend: 'cpu',
  },
  {
    'pad.rl.updates': 2,
    'pad.rl.questions': 2,
    'pad.rl.samples': 2,
    'pad.reward.steps': 4,
    'pad.reward.ownSamples': 1,
  },
);

/** On the software GPU every step takes longer: no PAD. */
const tinyGpu: RunConfig = {
  ...tiny,
  backend: 'webgpu',
  strategies: ['rsft'],
  trainQuestions: 3,
  testQuestions: 1,
};

export interface ChaosPage {
  plan(seed: number, count: number, only: readonly Kind[]): readonly Fault[];
  kinds(): readonly { readonly kind: Kind; readonly gpu: boolean; readonly hardware: boolean }[];
  go(trial: Omit<Trial, 'config'>, gpu: boolean): Promise<TrialEnd>;
}

declare global {
  interface Window {
    chaos?: ChaosPage;
    /** Set by the command. */
    chaosQuota?: Outside['quota'];
    chaosFreeze?: Outside['freeze'];
  }
}

const outside: Outside = {
  quota: async (bytes) => window.chaosQuota?.(bytes),
  freeze: async () => window.chaosFreeze?.(),
};

window.chaos = {
  plan,
  kinds: () =>
    (Object.keys(kinds) as Kind[]).map((kind) => ({
      kind,
      gpu: isGpu(kind),
      hardware: 'hardware' in kinds[kind],
    })),
  go: (trial, gpu) => new TrialRun({ ...trial, config: gpu ? tinyGpu : tiny }, outside).go(),
};
