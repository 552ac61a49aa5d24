/** Names of strategies and controls; arms have theirs in the room eval. */
import { rewardModelName, rewardStartName } from '../../records/trainings';
import { controlNames as settingControls, strategyNames as settingNames } from '../../settings/table';

export const strategyNames: Readonly<Record<string, string>> = {
  ...settingNames,
  [rewardModelName]: 'Reward model',
  [rewardStartName]: 'Reward model: its start',
};

export const strategyHelp = {
  rsft: 'one correct trace per question',
  da: 'up to three different correct traces, corrective ones first',
  'rsft+da': 'the first, then the second on top',
  pad: 'a reward model judges steps, the student practises on its scores',
  'rsft+pad': 'correct traces first, then practice on scores',
  'da+pad': 'different correct traces first, then practice on scores',
  'pad+da': 'practice on scores, then different correct traces',
  [rewardModelName]: 'learns to judge steps',
  [rewardStartName]: 'correct traces of the agents that the reward model may learn from: what it starts from',
} as Readonly<Record<string, string>>;

export const controlNames: Readonly<Record<string, string>> = settingControls;
