/** How a trace is named in the list of those that were left out (`exclude` of the run's settings). */
import type { Trace } from '../../records/records';

/** `question/round/agent` of the turn that it was made of; a worked solution has none and goes by its question. */
export function traceKey({ questionId, source }: Trace): string {
  const turn = source.at(-1);
  return turn ? `${questionId}/${turn.round}/${turn.agent}` : questionId;
}

export function isLeftOut(trace: Trace, excluded: ReadonlySet<string>): boolean {
  return excluded.has(trace.questionId) || excluded.has(traceKey(trace));
}
