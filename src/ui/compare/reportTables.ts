/** Arms and pairs of a report with all their numbers, to be taken away. Fractions, not per cents. */
import type { ArmResult, PairResult } from '../../records/records';
import { armLabel } from '../../eval/arm';
import type { Table } from '../figures';

export function armsTable(arms: readonly ArmResult[]): Table {
  const thought = arms.some(({ thoughtTokensPerQuestion }) => thoughtTokensPerQuestion !== undefined);
  return {
    head: [
      'arm',
      'name',
      'n',
      'correct',
      'accuracy',
      'ci_low',
      'ci_high',
      'strict_accuracy',
      'tokens_per_question',
      ...(thought ? ['thought_tokens_per_question'] : []),
      'prompt_tokens_per_question',
      'seconds_per_question',
      'tied_share',
      'samples_per_question',
      'budget_reached',
    ],
    rows: arms.map((arm) => [
      armLabel(arm.name),
      arm.name,
      ...[
        arm.n,
        arm.correct,
        arm.accuracy,
        ...arm.ci,
        arm.strict.accuracy,
        arm.tokensPerQuestion,
        ...(thought ? [arm.thoughtTokensPerQuestion ?? 0] : []),
        arm.promptTokensPerQuestion,
        arm.secondsPerQuestion,
        arm.ties?.share ?? '',
        arm.budget?.samples ?? '',
        arm.budget ? arm.budget.reached / arm.budget.wanted : '',
      ].map(String),
    ]),
  };
}

export function pairsTable(pairs: readonly PairResult[]): Table {
  return {
    head: [
      'a',
      'b',
      'difference',
      'ci_low',
      'ci_high',
      'mcnemar_p',
      'holm_p',
      'a_only',
      'b_only',
      'detectable',
    ],
    rows: pairs.map((pair) => [
      pair.a,
      pair.b,
      ...[
        pair.difference,
        ...pair.ci,
        pair.mcnemarP,
        pair.adjusted ?? '',
        pair.aOnly,
        pair.bOnly,
        pair.detectable,
      ].map(String),
    ]),
  };
}
