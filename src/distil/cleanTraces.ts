/**
 * The traces of each question that are fit to train on, before any is chosen: they end in the label, are whole, mention
 * nobody whom the student does not see, and have no wrong step. What each filter removed is counted, and so is what they met.
 */
import type { DropReason } from '../records/dropped';
import type { Question, Turn } from '../records/records';
import { isCorrect, parseAnswer } from '../tasks/answers';
import { auditBefore, type AuditBefore } from './audit';
import { labelled, type Judged, type LabelledQuestion } from './labels';
import { peerMentions, withoutPeerMentions } from './peerMentions';
import {
  isExcluded,
  spokenTurns,
  turnsByQuestion,
  type Candidate,
  type DistillInput,
  type Dropped,
} from './source';
import { checkedSteps, intermediateResults, leastSupport, support, type StepVerdict } from './stepFilter';

/** A question with the traces that may teach it. */
export interface TaughtQuestion {
  readonly question: Question;
  /** The answer that its traces end in; null where there are no labels. */
  readonly label: string | null;
  readonly fit: readonly Candidate[];
  /** Why `fit` is empty; null where it is not. */
  readonly without: DropReason | null;
}

/** Turns that end in the label and are whole. */
function acceptedOf(
  { label, judged }: LabelledQuestion,
  input: DistillInput,
  dropped: Dropped,
): readonly Judged[] {
  // A failed turn is a ballot, and what an agent said before; it teaches nothing.
  const spoken = new Set(
    spokenTurns(
      judged.map(({ turn }) => turn),
      dropped,
    ),
  );
  return judged.filter(({ turn, accepted, complete }) => {
    if (!spoken.has(turn)) return false;
    const filter = isExcluded(input, turn)
      ? 'excluded-trace'
      : input.labels !== 'none' && label === null
        ? 'unlabelled-trace'
        : !accepted
          ? input.labels === 'none'
            ? 'unparsed-trace'
            : 'wrong-trace'
          : turn.finishReason === 'length' && !complete
            ? 'truncated-trace'
            : null;
    if (filter) dropped.add(filter);
    return filter === null;
  });
}

/** The same agent did not end in the label the round before. */
function isCorrective({ turn }: Judged, all: readonly Judged[], labels: DistillInput['labels']): boolean {
  if (labels === 'none') return false;
  const before = all.find(({ turn: other }) => other.agent === turn.agent && other.round === turn.round - 1);
  return before !== undefined && before.turn.finishReason !== 'error' && !before.accepted;
}

/** A reply is checked once, though every strategy, control and seed asks. */
const known = new WeakMap<Turn, StepVerdict>();

function verdictOf(turn: Turn, text: string): StepVerdict {
  if (text !== turn.reply) return checkedSteps(text);
  let verdict = known.get(turn);
  if (verdict === undefined) known.set(turn, (verdict = checkedSteps(text)));
  return verdict;
}

/** The texts of a question's accepted turns with what is wrong with them; mentions of peers are out where they are to be. */
function describe(
  { question, label, judged }: LabelledQuestion,
  accepted: readonly Judged[],
  { labels, peerMentions: rule, thoughts = false }: DistillInput,
): readonly Candidate[] {
  const read = accepted.map((one) => {
    const { turn } = one;
    const mentions = (text: string): boolean => peerMentions(text, question.text).length > 0;
    // Sentences are taken out of replies, never out of thoughts.
    const thoughtOf = thoughts && mentions(turn.thoughts ?? '');
    const quotesPeers = thoughtOf || mentions(turn.reply);
    const cut =
      quotesPeers && !thoughtOf && rule === 'remove' ? withoutPeerMentions(turn.reply, question.text) : null;
    const text = cut !== null && answersAlike(question, turn, cut) ? cut : turn.reply;
    return { one, text, quotesPeers };
  });
  const verdicts = read.map(({ one, text }) => verdictOf(one.turn, text));
  const results = verdicts.includes(null)
    ? read.map(({ one, text }) => intermediateResults(text, question.text, label ?? one.turn.answer))
    : [];
  return read.map(({ one, text, quotesPeers }, i) => {
    const verdict = verdicts[i] ?? null;
    return {
      turn: one.turn,
      text,
      corrective: isCorrective(one, judged, labels),
      checked: verdict !== null,
      wrongStep:
        verdict === null ? support(results[i] ?? new Set(), results) < leastSupport : verdict === 'wrong',
      quotesPeers,
    };
  });
}

/** Whether a text still gives the turn's answer. */
function answersAlike({ answerType, options }: Question, turn: Turn, text: string): boolean {
  return turn.answer !== null && isCorrect(parseAnswer(text, answerType, options), turn.answer, answerType);
}

/** Of the traces that end in the label, those that the filters let through. */
function filtered(
  candidates: readonly Candidate[],
  { stepFilter, peerMentions: rule }: DistillInput,
  dropped: Dropped,
): readonly Candidate[] {
  return candidates.filter(({ turn, text, quotesPeers, wrongStep, checked }) => {
    const removed = rule === 'remove' && text !== turn.reply;
    const filter =
      quotesPeers && rule !== 'keep' && !removed
        ? 'peer-quoting-trace'
        : wrongStep && stepFilter === 'auto'
          ? checked
            ? 'wrong-step-trace'
            : 'unsupported-step-trace'
          : null;
    if (filter) dropped.add(filter);
    return filter === null;
  });
}

/** Every question of the input with its label and all turns of the protocol. */
export function labelledQuestions(input: DistillInput): readonly LabelledQuestion[] {
  const turns = turnsByQuestion(input);
  return input.questions.map((question) => labelled(question, turns.get(question.id) ?? [], input));
}

/** The questions of the input with the traces that may teach them, and what the data are like before any trace is chosen. */
export function cleanTraces(
  input: DistillInput,
  dropped: Dropped,
): { readonly taught: readonly TaughtQuestion[]; readonly audit: AuditBefore } {
  const questions = labelledQuestions(input);
  const met: Candidate[] = [];
  const taught = questions.map((one): TaughtQuestion => {
    const { question, label } = one;
    const accepted = acceptedOf(one, input, dropped);
    const candidates = describe(one, accepted, input);
    met.push(...candidates);
    const fit = filtered(candidates, input, dropped);
    const unlabelled = input.labels !== 'none' && label === null;
    const empty = unlabelled
      ? 'unlabelled-question'
      : accepted.length === 0
        ? 'no-correct-trace'
        : 'no-clean-trace';
    return { question, label, fit, without: fit.length === 0 ? empty : null };
  });
  return { taught, audit: auditBefore(input, questions, met) };
}
