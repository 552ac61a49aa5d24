/** Words of the settings: a label and one line of explanation each. */

export const groups = {
  models: { title: 'Models', note: 'Who debates, who learns' },
  debate: { title: 'Debate', note: 'How the agents answer' },
  learn: { title: 'Learning', note: 'Strategies, controls, optimiser' },
  pad: { title: 'Process-aware (PAD)', note: 'Reward model and group RL' },
  questions: { title: 'Questions', note: 'Word problems or a file of your own' },
  machine: { title: 'Machine', note: 'Backend, memory, seed' },
} as const;

/** Beside a group's name. */
export const changedCount = (count: number): string => `${count} changed`;

/** Of a field whose text is no such list. */
export const numberList = (allowed: string): string => `Write ${allowed}, separated by commas.`;

export const range = (low: number, high: number): string => `${low} to ${high}`;
