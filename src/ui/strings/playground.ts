/** Words of the playground. */
import { bundled } from '../../specs/engine';

export const playgroundStrings = {
  open: 'Ask',
  title: 'Ask them a question',
  intro: 'The same question to the student before, the student after, and the agents together.',
  question: 'Your question',
  placeholder: 'Anna has 12 apples. She finds 9 more. How many apples does Anna have now?',
  unknown: 'The student does not know the marked words: it was made for problems like the examples.',
  choice: 'Multiple choice',
  options: 'Options, one a line',
  optionsHelp: 'They are asked as A, B, C …; the answer is read as a letter.',
  given: 'Right answer, if you know it',
  examples: 'Examples',
  moreExamples: 'Other examples',
  who: 'Who answers',
  base: 'Student before',
  ensemble: (agents: number, rounds: number): string =>
    `The ensemble: ${agents} ${agents === 1 ? 'agent' : 'agents'}, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}`,
  ensembleShort: 'The ensemble',
  adapter: (strategy: string, run: string, seed: number): string =>
    `${strategy} of ${run}${seed === 0 ? '' : `, seed ${seed}`}`,
  recorded: 'ships with the page',
  imported: (student: string): string =>
    `imported, runs on ${student === bundled ? 'the bundled student' : student}`,
  remove: 'Remove',
  removeAdapter: (name: string): string => `Remove ${name}`,
  recordedAgents: 'The agents of this run are a recording: they cannot answer a new question.',
  noAdapters: 'No trained student is stored yet: run one, and it appears here.',
  loadingAdapters: 'Looking for trained students …',
  ask: 'Ask',
  asking: 'Asking …',
  stop: 'Stop',
  waiting: 'thinking …',
  answer: 'Answer',
  noAnswer: 'no answer could be read',
  gold: (answer: string): string => `Right answer: ${answer}`,
  unknownGold: 'Whether an answer is right is known for the examples, and where you give the right answer.',
  votes: (count: number, total: number): string => `${count} of ${total} votes`,
  cost: (tokens: number, seconds: string): string =>
    `${tokens} ${tokens === 1 ? 'token' : 'tokens'}, ${seconds}`,
  round: (round: number): string => (round === 0 ? 'Alone' : `Round ${round}`),
  busy: 'A run is in progress. Stop or finish the run first.',
  done: (count: number): string => `${count} ${count === 1 ? 'answer' : 'answers'} received.`,
  answers: 'Answers',
  settingsOf: (run: string): string => `Agents and student as in the run ${run}.`,
} as const;
