/** Names of arms, strategies and controls. */
import { controlNames as settingControls, strategyNames as settingNames } from '../../settings/table';

export const armNames = {
  plain: {
    base: 'Base student',
    'base-shots': 'Base student with examples',
    single: 'Best single agent',
    'single-greedy': 'Best single agent, greedy',
    debate: 'Vote after the debate',
    'vote-equal-tokens': 'Vote at equal tokens',
    summariser: 'Summariser',
  } as Readonly<Record<string, string>>,
  distilled: (strategy: string): string => `Distilled: ${strategy}`,
  control: (name: string): string => `Control: ${name}`,
  vote: (k: string): string => `Vote of ${k}`,
  zeroShotVote: (k: string): string => `Vote of ${k} without examples`,
} as const;

export const strategyNames: Readonly<Record<string, string>> = {
  ...settingNames,
  'reward-model': 'Reward model',
  'reward-start': 'Reward model: initial adapter',
};

export const strategyHelp = {
  rsft: 'one correct trace per question',
  da: 'up to three different correct traces, corrective ones first',
  'rsft+da': 'the first, then the second on top',
  pad: 'a reward model scores the steps, group RL trains the student on the scores',
  'rsft+pad': 'one correct trace per question first, then PAD',
  'da+pad': 'different correct traces first, then PAD',
  'pad+da': 'PAD first, then different correct traces',
  'reward-model': 'learns to score steps',
  'reward-start': 'the adapter that the reward model starts from: RSFT on the agents that are not held out',
} as Readonly<Record<string, string>>;

export const controlNames: Readonly<Record<string, string>> = settingControls;
