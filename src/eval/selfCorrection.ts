import { hashKey } from '../core/rng';
import { checkOf, evalProtocol, sampledProtocol } from '../records/evalProtocol';
import type { Question, SelfCorrection, ShareOf } from '../records/records';
import { pairedBootstrap } from './bootstrap';
import { mcnemarMidP, wilson } from './statistics';
import type { TurnIndex } from './turnIndex';

function shareOf(count: number, n: number): ShareOf {
  return n === 0 ? { n, share: null, ci: null } : { n, share: count / n, ci: wilson(count, n) };
}

/**
 * How many answers a student corrects and spoils when it checks its own: over the questions that have both turns. The second answer
 * is greedy; `sampled`: the first one was drawn at temperature 1.
 */
export function selfCorrection(
  index: TurnIndex,
  arm: string,
  questions: readonly Question[],
  { sampled = false, seed = 0, seedIndex = 0 } = {},
): SelfCorrection {
  const first = (sampled ? sampledProtocol : evalProtocol)(arm, seedIndex);
  const counts = { n: 0, before: 0, after: 0, wrongToRight: 0, rightToWrong: 0 };
  for (const question of questions) {
    const before = index.turns(first, question.id)[0];
    const after = index.turns(checkOf(first), question.id)[0];
    if (!before || !after) continue;
    counts.n++;
    if (before.correct) counts.before++;
    if (after.correct) counts.after++;
    if (!before.correct && after.correct) counts.wrongToRight++;
    if (before.correct && !after.correct) counts.rightToWrong++;
  }
  const { n, before, wrongToRight, rightToWrong } = counts;
  return {
    arm,
    temperature: sampled ? 1 : 0,
    ...counts,
    difference: n === 0 ? 0 : (wrongToRight - rightToWrong) / n,
    ci: pairedBootstrap(wrongToRight, rightToWrong, n, hashKey(seed, 'self-correction', first)),
    mcnemarP: mcnemarMidP(wrongToRight, rightToWrong),
    corrected: shareOf(wrongToRight, n - before),
    spoilt: shareOf(rightToWrong, before),
  };
}
