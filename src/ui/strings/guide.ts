/** The guided tour through the recorded run: one idea a step, about half a minute each. */
export const guideStrings = {
  open: 'Tour',
  offer: 'New here? Walk through it in four minutes.',
  label: 'Guided tour',
  count: (at: number, all: number): string => `${at} of ${all}`,
  next: 'Next',
  back: 'Back',
  leave: 'Leave the tour',
  done: 'Done',
  steps: {
    result: {
      title: 'What came out',
      text: 'A small model took a test twice. In between it read what three other models wrote in a debate. These bars are its accuracy before and after, beside the three debaters together. The thin line is the range that chance allows.',
    },
    alone: {
      title: 'Each agent answers alone',
      text: 'Three models, each weak in its own way, solve the same word problem. Each has a shape, a colour and a name. The chip beside a solution is the answer that was read from it, and whether it is right.',
    },
    reading: {
      title: 'Then they read each other',
      text: 'In the next round each agent sees the others’ solutions and answers again. Here the vote changed. A note under each answer says who changed their mind, and after reading whom.',
    },
    filters: {
      title: 'Thousands of debates, five stories',
      text: 'All agree, they stay split, the vote flips, the vote is wrong, or an agent goes from wrong to right. Press a filter to see only those. The corrective ones teach most.',
    },
    data: {
      title: 'What the student may read',
      text: 'Only solutions that end with the right answer become training data, one for each question. The bars show how many were kept and why the rest was not.',
    },
    training: {
      title: 'The student learns, here in the page',
      text: 'A thin adapter beside the frozen weights is trained by our own shaders. The loss falls on the training data; the dashed line is data that it never sees. If the two part, it memorises.',
    },
    table: {
      title: 'The same test for everyone',
      text: 'Every arm answers the same unseen questions. An interval stands beside each number: if two overlap widely, do not believe the difference. Further down, pairs are tested question by question.',
    },
    cost: {
      title: 'Almost as good, for far less',
      text: 'Up is better, left is cheaper. The debate spends many answers on a question, the student one. How much of the gain it keeps is written beside it.',
    },
    yours: {
      title: 'Now it is your turn',
      text: 'Run does all of this on your machine, in about a minute, with nothing sent anywhere. Ask puts a question of your own to the student and to the ensemble.',
    },
  },
} as const;

export type GuideStepId = keyof typeof guideStrings.steps;
export const guideSteps = Object.keys(guideStrings.steps) as GuideStepId[];
