/** The guided tour through the recorded run: one idea a step, about half a minute each. */
import type { GuideStepId } from './guide';

export const guideCardStrings = {
  label: 'Guided tour',
  count: (at: number, all: number): string => `${at} of ${all}`,
  next: 'Next',
  back: 'Back',
  leave: 'Leave the tour',
  done: 'Done',
  steps: {
    result: {
      title: 'What came out',
      text: 'A small model took the same test twice. In between it was trained on what three other models wrote in a debate. The bars are its accuracy before and after, one of those models alone and their vote, both decoded as the student is, and the debate. The thin line is the range that chance allows.',
    },
    alone: {
      title: 'Each agent answers alone',
      text: 'Three models solve the same word problem. Each always gets one kind of step wrong, however often it is asked: one subtracting, one adding, one multiplying and sharing. Each has a shape, a colour and a name. The chip beside a solution is the answer that was read from it, and whether it is right.',
    },
    reading: {
      title: 'Then they read each other',
      text: 'In the next round each agent sees the others’ solutions and answers again. Here the vote changed. A note under each answer says who changed their mind, and after reading whom.',
    },
    filters: {
      title: 'Many debates, five stories',
      text: 'All agree, they stay split, the vote flips, the vote is wrong, or an agent goes from wrong to right. Press a filter to see only those.',
    },
    data: {
      title: 'What the student is trained on',
      text: 'Only solutions whose answer and steps are right become training data, one for each question. The bars show how many were kept and why the rest were not.',
    },
    training: {
      title: 'The student learns, here in the page',
      text: 'A thin adapter beside the frozen weights is trained by our own shaders. The loss falls on the training data; the dashed line is data that it never sees. If the two part, it memorises.',
    },
    table: {
      title: 'The same test for everyone',
      text: 'Every arm answers the same unseen questions. An interval stands beside each number. Whether two arms differ is read from their pair, further down, not from whether two intervals overlap: both answered the same questions, so they are compared question by question.',
    },
    cost: {
      title: 'What accuracy costs',
      text: 'Up is better, left is cheaper. A gain is one only over agents that are decoded as the student is, alone and by vote, and debating helps only if it beats a vote of independent answers at the same total tokens. What this run shows of both stands at its head.',
    },
    yours: {
      title: 'Now it is your turn',
      text: 'Run does all of this on your machine, in a few minutes, with nothing sent anywhere. Ask puts a question of your own to the student and to the ensemble.',
    },
  } satisfies Readonly<Record<GuideStepId, { readonly title: string; readonly text: string }>>,
} as const;
