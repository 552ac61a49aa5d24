/** The names that a run's settings choose from, in the order in which they are offered. */
import type { Control, Strategy } from './records';

export const strategies = [
  'rsft',
  'da',
  'pad',
  'rsft+da',
  'rsft+pad',
  'da+pad',
  'pad+da',
] as const satisfies readonly Strategy[];

export const controls = [
  'answer-only',
  'gold-sft',
  'self-consistency',
  'wrong',
] as const satisfies readonly Control[];
