/** What every strategy starts from: the recorded turns of the training questions. */
import { groupedBy } from '../core/groupedBy';
import type { DropCounts, DropReason } from '../records/dropped';
import type { Dataset, Message, Question, Trace, TraceAudit, Turn } from '../records/records';
import { joinThoughts, withThoughtsApart } from '../records/thoughts';
import type { RunConfig } from '../settings/config';

/** Which traces are fit to learn from. */
export type TraceRules = Pick<
  RunConfig,
  'labels' | 'minAgreement' | 'stepFilter' | 'peerMentions' | 'tracesPerQuestion'
>;

export interface DistillInput extends TraceRules {
  /** Training questions; turns of other questions are not looked at. */
  readonly questions: readonly Question[];
  readonly turns: readonly Turn[];
  /** Whose turns are teachers: `debate` or `self-consistency`. */
  readonly protocol: string;
  /** Messages of the question ALONE, as the student will be asked (round-0 style, no shots). */
  readonly prompt: (question: Question) => readonly Message[];
  readonly seed: number;
  /** Traces hold what was thought before the answer. */
  readonly thoughts?: boolean;
  /** Taken out by hand: `question/round/agent`, a question's id, or all turns of an agent (stars for question and round). */
  readonly exclude?: ReadonlySet<string>;
  /** Agents, by index, from whose traces the reward model does not learn. */
  readonly heldOutAgents?: ReadonlySet<number>;
}

/** Whether the turn, or its whole question, was taken out by hand. */
export function isExcluded(
  { exclude }: Pick<DistillInput, 'exclude'>,
  { questionId, round, agent }: Pick<Turn, 'questionId' | 'round' | 'agent'>,
): boolean {
  if (exclude === undefined) return false;
  return (
    exclude.has(questionId) || exclude.has(`${questionId}/${round}/${agent}`) || exclude.has(`*/*/${agent}`)
  );
}

/** A turn that may become a trace. */
export interface Candidate {
  readonly turn: Turn;
  /** What the student is to write: its reply, without sentences that were removed. */
  readonly text: string;
  /** The same agent was wrong in the round before and is right in this one. */
  readonly corrective: boolean;
  /** As `TraceKinds` has them. */
  readonly checked: boolean;
  readonly wrongStep: boolean;
  readonly quotesPeers: boolean;
}

/** Counts what each filter removed. */
export class Dropped {
  readonly #counts: Partial<Record<DropReason, number>> = {};

  add(filter: DropReason, count = 1): void {
    if (count > 0) this.#counts[filter] = (this.#counts[filter] ?? 0) + count;
  }

  get counts(): DropCounts {
    return this.#counts;
  }
}

export function makeDataset(
  strategy: string,
  traces: readonly Trace[],
  dropped: Dropped,
  audit?: TraceAudit,
): Dataset {
  return { strategy, traces, kept: traces.length, dropped: dropped.counts, ...(audit && { audit }) };
}

/** Turns of the protocol by question, each list by round, then agent. */
export function turnsByQuestion(input: Pick<DistillInput, 'turns' | 'protocol'>): Map<string, Turn[]> {
  const own = input.turns.filter(({ protocol }) => protocol === input.protocol).map(withThoughtsApart);
  const found = groupedBy(own, ({ questionId }) => questionId);
  for (const list of found.values()) list.sort((a, b) => a.round - b.round || a.agent - b.agent);
  return found;
}

/** Turns that said something: failed and empty ones are counted and left out. */
export function spokenTurns(turns: readonly Turn[], dropped: Dropped): readonly Turn[] {
  return turns.filter((turn) => {
    const filter =
      turn.finishReason === 'error' || turn.finishReason === 'aborted'
        ? 'failed-trace'
        : turn.reply.trim() === ''
          ? 'empty-trace'
          : null;
    if (filter) dropped.add(filter);
    return filter === null;
  });
}

export function traceOf(
  input: Pick<DistillInput, 'prompt' | 'thoughts'>,
  question: Question,
  candidate: Pick<Candidate, 'turn' | 'text' | 'corrective'>,
): Trace {
  const { turn, text, corrective } = candidate;
  return {
    questionId: question.id,
    messages: input.prompt(question),
    target: input.thoughts && turn.thoughts ? joinThoughts(turn.thoughts, text).trim() : text.trim(),
    source: [{ round: turn.round, agent: turn.agent }],
    corrective,
  };
}
