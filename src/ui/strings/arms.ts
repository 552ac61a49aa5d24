/** Names of strategies and controls; arms have theirs in the room eval. */
import { rewardModelName, rewardStartName } from '../../records/trainings';
import { controlNames as settingControls, strategyNames as settingNames } from '../../settings/table';

export const strategyNames: Readonly<Record<string, string>> = {
  ...settingNames,
  'rsft-part': 'RSFT, without the questions kept for RL',
  'da-part': 'DA, without the questions kept for RL',
  [rewardModelName]: 'Reward model',
  [rewardStartName]: 'Reward model: initial adapter',
};

export const strategyHelp = {
  rsft: 'one correct trace per question',
  da: 'up to three different correct traces, corrective ones first',
  'rsft+da': 'the first, then the second on top',
  pad: 'a reward model scores the steps, group RL trains the student on the scores',
  'rsft+pad': 'one correct trace per question first, then PAD',
  'da+pad': 'different correct traces first, then PAD',
  'pad+da': 'PAD first, then different correct traces',
  correct: 'checks its own answers: right traces after wrong answers, right answers kept',
  'rsft+correct': 'one correct trace per question first, then checking its own answers',
  'da+correct': 'different correct traces first, then checking its own answers',
  'correct+rl': 'checking its own answers, then group RL on the second answer',
  'rsft+correct+rl': 'RSFT, checking its own answers, then group RL on the second answer',
  [rewardModelName]: 'learns to score steps',
  [rewardStartName]:
    'the adapter that the reward model starts from: RSFT on the agents that are not held out',
} as Readonly<Record<string, string>>;

export const controlNames: Readonly<Record<string, string>> = settingControls;
