/** The way into the guided tour; its texts come with its card. */
export const guideStrings = {
  open: 'Tour',
  offer: 'New here? Walk through it in four minutes.',
} as const;

/** In the order of the walk. */
export const guideSteps = [
  'result',
  'alone',
  'reading',
  'filters',
  'data',
  'training',
  'table',
  'cost',
  'yours',
] as const;
export type GuideStepId = (typeof guideSteps)[number];
