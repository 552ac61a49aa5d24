/** Words of one debate: its story, and moving through its time. */

export const debateText = {
  story: 'What happened',
  rightIn: (round: string, right: number, agents: number): string => `${round}: ${right} of ${agents} right`,
  changedTo: 'changed to',
  afterReading: 'after reading',
  onItsOwn: 'with no peer who had it',
  nobody: 'Nobody changed their mind.',
  flippedFrom: 'The vote flipped from',
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
  notYet: 'has not spoken yet',
  taught: 'This turn is what the trace was made of.',
} as const;
