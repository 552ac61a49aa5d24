import type { Question, Split, Turn } from '../../../src/records/records';
import { makeConfig } from '../../support/makeConfig';
import { makeAnswer } from '../../support/makeTurn';

export function makeQuestions(count: number, split: Split = 'test'): Question[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${split}-${String(i).padStart(4, '0')}`,
    split,
    text: `Question ${i}?`,
    gold: '1',
    answerType: 'number',
  }));
}

export interface Place {
  readonly protocol: string;
  readonly round?: number;
  readonly agent?: number;
  readonly tokens?: number;
}

/** A turn that answers `answer` ("1" is right) in the asked-for format. */
export function answered(question: Question, answer: string, place: Place): Turn {
  const { tokens = 10, ...where } = place;
  return makeAnswer(question, answer, { ...where, usage: { prompt: 20, completion: tokens } });
}

export const config = makeConfig({
  agents: ['scripted'],
  student: 'scripted',
  controls: ['answer-only'],
  testQuestions: 100,
  seed: 3,
});
