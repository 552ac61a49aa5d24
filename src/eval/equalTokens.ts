/** Votes of independent answers at the tokens of the debate: those it generated, and all that it took with its prompts. */
import type { Question, Turn } from '../records/records';
import { fromVote, independentSamples, makeArm, type AnsweredArm } from './arms';
import type { TurnIndex } from './turnIndex';

const tokensOf = {
  'vote-equal-tokens': ({ usage }: Turn) => usage.completion,
  'vote-equal-total-tokens': ({ usage }: Turn) => usage.prompt + usage.completion,
} as const;

export type EqualTokensKind = keyof typeof tokensOf;

const sum = (turns: readonly Turn[], tokens: (turn: Turn) => number): number =>
  turns.reduce((all, turn) => all + tokens(turn), 0);

/** What a question's debate took: generated tokens, and with its prompts. */
export function debateBudget(turns: readonly Turn[]): { readonly generated: number; readonly total: number } {
  return {
    generated: sum(turns, tokensOf['vote-equal-tokens']),
    total: sum(turns, tokensOf['vote-equal-total-tokens']),
  };
}

/** The fewest independent samples, in order, that hold at least the budget; all where they do not reach it. */
function samplesFor(
  samples: readonly Turn[],
  budget: number,
  tokens: (turn: Turn) => number,
): readonly Turn[] {
  let spent = 0;
  const end = samples.findIndex((sample) => (spent += tokens(sample)) >= budget);
  return end < 0 ? samples : samples.slice(0, end + 1);
}

/**
 * Majority of as many independent samples as it takes to reach the tokens of this question's debate (rounding goes in the vote's
 * favour). Where fewer were made or recorded, its budget says how far they reach.
 */
export function equalTokensArm(
  index: TurnIndex,
  questions: readonly Question[],
  kind: EqualTokensKind = 'vote-equal-tokens',
): AnsweredArm {
  const tokens = tokensOf[kind];
  const all = { wanted: 0, reached: 0, samples: 0 };
  const arm = makeArm({ kind }, questions, (question) => {
    const budget = sum(index.turns('debate', question.id), tokens);
    const samples = samplesFor(independentSamples(index, question.id), budget, tokens);
    all.wanted += budget;
    all.reached += Math.min(budget, sum(samples, tokens));
    all.samples += samples.length;
    return fromVote(index, question, samples, samples);
  });
  const n = Math.max(1, questions.length);
  const budget = { wanted: all.wanted / n, reached: all.reached / n, samples: all.samples / n };
  return { ...arm, budget };
}
