/** Words of the debate step. */
import { formatCount, formatPlural } from '../format';

/** One debate: its story, and moving through its time. */
/** Evaluation sets of the user's own are called as they are named. */
const splits: Readonly<Record<string, string>> = { ood: 'out of distribution', robust: 'perturbed' };

export const debateText = {
  story: 'What happened',
  rightIn: (round: string, right: number, agents: number): string => `${round}: ${right} of ${agents} right`,
  changedTo: 'changed to',
  afterReading: 'after reading',
  onItsOwn: 'on its own: no other agent had said so',
  nobody: 'Nobody changed their mind.',
  flippedFrom: 'The vote flipped from',
  and: 'and',
  tieBefore: (ways: number, by: 'draw' | 'first'): string =>
    `(a ${ways}-way tie: ${by === 'draw' ? 'a draw decided' : 'the first agent’s answer counted'})`,
  roundNote: (round: number): string => `(round ${round})`,
  flippedTo: 'to',
  inRound: (round: number): string => `in round ${round}`,
  unread: 'an unreadable answer',
  noVote: 'no answer',

  time: 'Through time',
  timeHelp: 'Turn by turn, in the order of the debate',
  at: (turn: number, turns: number, round: string, agent: string): string =>
    `Turn ${turn} of ${turns}: ${round}, ${agent}`,
  play: 'Play the debate',
  stop: 'Stop playing',
  toEnd: 'To the end',
  tally: 'Votes',
  soFar: 'so far',
  notYet: 'has not answered yet',
  more: 'Show the whole question',
  less: 'Show less',
  taught: 'The trace was made from this turn.',
} as const;

/** The list of questions, rounds, votes and turns. */
export const debateStrings = {
  questions: 'Questions',
  filters: 'Show',
  tags: {
    unanimous: 'Unanimous',
    split: 'Split',
    flipped: 'Flipped',
    wrongVote: 'Wrong vote',
    corrective: 'Corrective',
  },
  tagHelp: {
    unanimous: 'All agents end with the same answer',
    split: 'Agents end with different answers',
    flipped: 'The vote changed between rounds',
    wrongVote: 'The vote ends with a wrong answer',
    corrective: 'An agent went from wrong to right',
  },
  shown: (count: number, total: number): string => `${formatCount(count)} of ${formatCount(total)}`,
  noneMatch: 'No question matches this filter.',
  search: 'Search the questions',
  noneFound: 'No question has these words.',
  noTurns: 'No agent has answered yet.',
  pick: 'Pick a question to read its debate.',
  follow: 'Follow the newest',
  gold: 'Right answer',
  round: (round: number): string => (round === 0 ? 'Alone' : `Round ${round}`),
  roundHelp: (round: number): string =>
    round === 0 ? 'each agent answers by itself' : 'after reading the others',
  vote: {
    majority: 'Majority',
    plurality: 'Most votes',
    tie: 'Tied vote',
    alone: 'No two agree',
    none: 'Vote',
  },
  tie: (ways: number): string => `${ways}-way tie`,
  tieRule: {
    draw: 'a draw by the seed decides',
    first: 'the first agent’s answer counts',
    likelier: 'the answer with the higher log-probability counts',
  },
  oneVote: '1 vote',
  votes: (votes: number, agents: number): string => `${votes} of ${agents}`,
  noVote: 'no answer could be read',
  flipped: 'vote changed',
  right: 'right',
  wrong: 'wrong',
  unread: 'unreadable',
  changed: (from: string): string => `was ${from}`,
  afterReading: 'after reading',
  onItsOwn: 'on its own',
  kept: 'kept',
  speaking: 'answering …',
  waiting: 'waiting',
  truncated: 'cut at the length limit',
  failed: 'ended by an error',
  aborted: 'stopped',
  tokens: (tokens: number): string => formatPlural(tokens, 'token', 'tokens'),
  split: (name: string): string => splits[name] ?? name,
  position: (index: number, total: number): string => `${formatCount(index)} of ${formatCount(total)}`,
  previous: 'Previous question',
  next: 'Next question',
  back: 'All questions',
  listHelp: 'Arrow keys move through the questions.',
  solution: 'Worked solution',
} as const;
