/** Why a strategy or control has no trace to learn from. */
import type { DropReason } from '../records/dropped';
import type { Dataset } from '../records/records';

export interface EmptyReason {
  readonly message: string;
  readonly hint: string;
  /** What a change of would let it learn, by flags. */
  readonly settings: readonly string[];
}

const solved = 'Use stronger agents or more training questions, or learn without labels.';

/** Whose answers a control learns from, where they are no agent's of the debate. */
const speakers: Readonly<Partial<Record<string, string>>> = {
  'self-consistency': 'No independent sample',
  'single-teacher': 'No greedy answer of the best agent',
};

/** In one sentence. `questions`: how many there were to learn from. */
export function emptyReason(
  strategy: string,
  { dropped }: Pick<Dataset, 'dropped'>,
  questions: number,
): EmptyReason {
  const all = questions === 1 ? 'the one training question' : `any of the ${questions} training questions`;
  const of = (filter: DropReason): number => dropped[filter] ?? 0;
  const because = (message: string, hint: string, settings: readonly string[] = []): EmptyReason => ({
    message,
    hint,
    settings,
  });

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
  if (of('unlabelled-question') >= questions) {
    return because(
      `No label was found for ${all}, so there is nothing to learn from.`,
      'Ask for less agreement, use agents that agree more, or learn from the right answers.',
      ['min-agreement', 'labels'],
    );
  }
  const once = of('correct-of-dropped-question');
  if (of('fewer-than-2-correct-traces') > 0 && once > 0) {
    return because(
      `No question has two correct traces, which DA needs: ${once === 1 ? '1 has' : `${once} have`} one.`,
      'Use RSFT, more agents or more training questions, or learn without labels.',
      ['strategy', 'n-agents', 'labels'],
    );
  }
  if (of('truncated-trace') > 0 && of('wrong-trace') === 0) {
    return because(
      'Every solution of the agents was cut off at the longest answer, so there is nothing to learn from.',
      'Allow longer answers, or learn without labels.',
      ['labels'],
    );
  }
  if (of('excluded-trace') > 0 && of('wrong-trace') === 0) {
    return because(
      'Every trace was left out by hand, so there is nothing to learn from.',
      'Take some traces back, then train again.',
    );
  }
  const [steps, peers] = [of('wrong-step-trace') + of('unsupported-step-trace'), of('peer-quoting-trace')];
  if (steps + peers > 0) {
    return because(
      `Every trace that ends right was left out: ${steps} with a wrong step, ${peers} that mention peers.`,
      'Turn off the step filter or keep mentions of peers, or use stronger agents.',
      ['step-filter', 'peer-mentions'],
    );
  }
  return because(
    `${speakers[strategy] ?? 'No agent'} solved ${all}, so there is nothing to learn from.`,
    solved,
    ['labels'],
  );
}
