/** What every strategy starts from: the recorded turns of the training questions. */
import { groupedBy } from '../core/groupedBy';
import type { DropCounts, DropReason } from '../records/dropped';
import type { Dataset, Message, Question, Trace, Turn } from '../records/records';

export interface DistillInput {
  /** Training questions; turns of other questions are not looked at. */
  readonly questions: readonly Question[];
  readonly turns: readonly Turn[];
  /** Whose turns are teachers: `debate` or `self-consistency`. */
  readonly protocol: string;
  /** Messages of the question ALONE, as the student will be asked (round-0 style, no shots). */
  readonly prompt: (question: Question) => readonly Message[];
  readonly seed: number;
  /** `any` keeps wrong and truncated traces as well (for trying out the chain with models that answer nothing right). */
  readonly accept: 'correct' | 'any';
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
  /** The same agent was wrong in the round before and is right in this one. */
  readonly corrective: boolean;
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

export function makeDataset(strategy: string, traces: readonly Trace[], dropped: Dropped): Dataset {
  return { strategy, traces, kept: traces.length, dropped: dropped.counts };
}

/** Turns of the protocol by question, each list by round, then agent. */
export function turnsByQuestion(input: Pick<DistillInput, 'turns' | 'protocol'>): Map<string, Turn[]> {
  const own = input.turns.filter(({ protocol }) => protocol === input.protocol);
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

/**
 * Traces fit for training. A reply cut off at its token limit teaches not to end, so it is kept only when its answer
 * already stands there in the asked-for format.
 */
export function candidates(
  turns: readonly Turn[],
  input: Pick<DistillInput, 'accept' | 'exclude'>,
  dropped: Dropped,
): readonly Candidate[] {
  const { accept } = input;
  const kept: Candidate[] = [];
  for (const turn of spokenTurns(turns, dropped)) {
    if (isExcluded(input, turn)) dropped.add('excluded-trace');
    else if (accept === 'correct' && !turn.correct) dropped.add('wrong-trace');
    else if (accept === 'correct' && turn.finishReason === 'length' && !turn.strictCorrect)
      dropped.add('truncated-trace');
    else kept.push({ turn, corrective: isCorrective(turn, turns) });
  }
  return kept;
}

function isCorrective(turn: Turn, turns: readonly Turn[]): boolean {
  const before = turns.find((other) => other.agent === turn.agent && other.round === turn.round - 1);
  return turn.correct && before !== undefined && before.finishReason !== 'error' && !before.correct;
}

export function traceOf(input: DistillInput, question: Question, candidate: Candidate): Trace {
  const { turn, corrective } = candidate;
  return {
    questionId: question.id,
    messages: input.prompt(question),
    target: turn.reply.trim(),
    source: [{ round: turn.round, agent: turn.agent }],
    corrective,
  };
}
