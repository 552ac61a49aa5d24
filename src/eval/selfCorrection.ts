import type { Question, SelfCorrection } from '../records/records';
import { checkProtocol, evalProtocol } from '../records/evalProtocol';
import type { TurnIndex } from './turnIndex';

/** How many answers a student mends and spoils when it checks its own: over the questions that have both turns. */
export function selfCorrection(
  index: TurnIndex,
  arm: string,
  questions: readonly Question[],
  seedIndex = 0,
): SelfCorrection {
  const counts = { n: 0, before: 0, after: 0, wrongToRight: 0, rightToWrong: 0 };
  for (const question of questions) {
    const before = index.turns(evalProtocol(arm, seedIndex), question.id)[0];
    const after = index.turns(checkProtocol(arm, seedIndex), question.id)[0];
    if (!before || !after) continue;
    counts.n++;
    if (before.correct) counts.before++;
    if (after.correct) counts.after++;
    if (!before.correct && after.correct) counts.wrongToRight++;
    if (before.correct && !after.correct) counts.rightToWrong++;
  }
  return { arm, ...counts };
}
