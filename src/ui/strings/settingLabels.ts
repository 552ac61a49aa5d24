/** What the page calls each setting of a run, where code and commands have their own names. */
import type { RunConfig } from '../../core/records';
import { padStrings } from './pad';
import { settingWords } from './settings';

const { settings: pad } = padStrings;

/** Those that have no field with a line of help. */
const others = {
  preset: 'Preset',
  agents: 'Agents’ models',
  personas: 'Personas',
  endpointConcurrency: 'Requests at once to a server',
  endpointRate: 'Requests a minute to a server',
  student: 'Student',
  strategies: 'Strategies',
  controls: 'Controls',
  questions: 'Question file',
  exclude: 'Left-out traces',
  padReward: pad.reward,
  padAdvantage: pad.advantage,
  padUpdates: pad.padUpdates,
  padQuestions: pad.padQuestions,
  padGroup: pad.padGroup,
  padIterations: pad.padIterations,
  padTemperature: pad.padTemperature,
  padKl: pad.padKl,
  padLr: pad.padLr,
  padRewardSteps: pad.padRewardSteps,
  padRewardLr: pad.padRewardLr,
  padRewardStart: pad.start,
  padHeldOutAgents: pad.heldOutAgents,
  padLabelForm: 'Continuation labels',
  padStopOnHacking: pad.stop,
} as const satisfies Partial<Record<keyof RunConfig, string>>;

/** By the name in a config. */
export const settingLabels: ReadonlyMap<string, string> = new Map([
  ...Object.entries(others),
  ...Object.entries(settingWords).flatMap(([name, words]) => (words ? [[name, words.label] as const] : [])),
]);
