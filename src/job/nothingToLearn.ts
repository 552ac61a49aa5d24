import { NothingToLearnError } from '../core/errors';
import type { DropReason } from '../records/dropped';
import type { Dataset } from '../records/records';

const solved = 'Use stronger agents or more training questions, or accept any trace.';

/** Why a training has no trace, in one sentence. `questions`: how many there were to learn from. */
export function nothingToLearn(
  strategy: string,
  { dropped }: Pick<Dataset, 'dropped'>,
  questions: number,
): NothingToLearnError {
  const all = questions === 1 ? 'the one training question' : `any of the ${questions} training questions`;
  const of = (filter: DropReason): number => dropped[filter] ?? 0;
  const because = (message: string, hint: string, settings: readonly string[] = []): NothingToLearnError =>
    new NothingToLearnError(message, hint, { details: { strategy, questions, settings } });

  if (strategy === 'gold-sft') {
    return because(
      `No worked solution comes with ${all}, so there is none to learn from.`,
      'Leave out the control with worked solutions, or use questions that have them.',
    );
  }
  if (strategy === 'wrong') {
    return because(
      `No agent ended ${all} with a wrong answer, so there is no wrong trace to learn from.`,
      'Leave out the control with wrong traces.',
    );
  }
  const once = of('correct-of-dropped-question');
  if (of('fewer-than-2-correct-traces') > 0 && once > 0) {
    return because(
      `No question has two correct traces, which DA needs: ${once === 1 ? '1 has' : `${once} have`} one.`,
      'Use RSFT, more agents or more training questions, or accept any trace.',
      ['strategy', 'n-agents', 'accept'],
    );
  }
  if (of('truncated-trace') > 0 && of('wrong-trace') === 0) {
    return because(
      'Every solution of the agents was cut off at the longest answer, so there is nothing to learn from.',
      'Allow longer answers, or accept any trace.',
      ['accept'],
    );
  }
  if (of('excluded-trace') > 0 && of('wrong-trace') === 0) {
    return because(
      'Every trace was left out by hand, so there is nothing to learn from.',
      'Take some traces back, then train again.',
    );
  }
  const who = strategy === 'self-consistency' ? 'No independent sample' : 'No agent';
  return because(`${who} solved ${all}, so there is nothing to learn from.`, solved, ['accept']);
}
