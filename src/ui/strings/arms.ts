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
  'reward-start': 'Reward model: its start',
};

export const strategyHelp = {
  rsft: 'one correct trace per question',
  da: 'up to three different correct traces, corrective ones first',
  'rsft+da': 'the first, then the second on top',
  pad: 'a reward model judges steps, the student practises on its scores',
  'rsft+pad': 'correct traces first, then practice on scores',
  'da+pad': 'different correct traces first, then practice on scores',
  'pad+da': 'practice on scores, then different correct traces',
  'reward-model': 'learns to judge steps',
  'reward-start': 'correct traces of the agents that the reward model may learn from: what it starts from',
} as Readonly<Record<string, string>>;

export const controlNames: Readonly<Record<string, string>> = settingControls;
