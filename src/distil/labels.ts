/**
 * What a question's traces are held against: its right answer, the majority of the turns that teach, or nothing. Consensus and
 * none read no right answer: not the question's, not the verdicts that turns were recorded with, not a worked solution.
 */
import { groupedBy } from '../core/groupedBy';
import { lastRound } from '../debate/protocol';
import { majority } from '../debate/vote';
import type { Question, Turn } from '../records/records';
import type { RunConfig } from '../settings/config';
import { isCorrect } from '../tasks/answers';
import { filteredCorrect } from '../tasks/filteredAnswers';
import { hasGold } from '../tasks/golds';

export type LabelRule = Pick<RunConfig, 'labels' | 'minAgreement'>;

/** How a question's last round voted; independent answers are one round. */
export interface Ballots {
  /** The most common answer; null where none was read or two are equally common. */
  readonly answer: string | null;
  /** Share of all ballots, unreadable ones among them, that gave the most common answer; null without a ballot. */
  readonly agreement: number | null;
  readonly tied: boolean;
}

export function ballotsOf(turns: readonly Turn[]): Ballots {
  const { answer, count, total, tied } = majority(lastRound(turns));
  return { answer: tied ? null : answer, agreement: total === 0 ? null : count / total, tied };
}

/** The answer that the majority agrees on widely enough; null for none. */
export function consensusLabel({ answer, agreement }: Ballots, minAgreement: number): string | null {
  return agreement !== null && agreement >= minAgreement ? answer : null;
}

/** A turn held against its question's label. */
export interface Judged {
  readonly turn: Turn;
  /** It ends in the label; without labels: its answer can be read. */
  readonly accepted: boolean;
  /** It ends in the label in the asked-for format, so that being cut off took nothing away. */
  readonly complete: boolean;
}

/** Whether a turn ends in the label; without labels: whether its answer can be read. */
export function endsInLabel(
  question: Question,
  label: string | null,
  turn: Turn,
  labels: LabelRule['labels'],
): boolean {
  switch (labels) {
    case 'gold':
      return turn.correct;
    case 'none':
      return turn.answer !== null;
    case 'consensus':
      return label !== null && isCorrect(turn.answer, label, question.answerType);
    default:
      return labels satisfies never;
  }
}

/** A question with the turns that may teach it. */
export interface LabelledQuestion {
  readonly question: Question;
  /** Null where there is none, and where labels are 'none'. */
  readonly label: string | null;
  readonly ballots: Ballots;
  readonly judged: readonly Judged[];
}

/** Null label with labels 'gold' or 'consensus': the question teaches nothing. */
export function labelled(question: Question, turns: readonly Turn[], rule: LabelRule): LabelledQuestion {
  const ballots = ballotsOf(turns);
  const label = labelOf(question, ballots, rule);
  const judged = turns.map((turn): Judged => {
    const accepted = endsInLabel(question, label, turn, rule.labels);
    return { turn, accepted, complete: accepted && isComplete(question, label, turn, rule.labels) };
  });
  return { question, label, ballots, judged };
}

function labelOf(question: Question, ballots: Ballots, { labels, minAgreement }: LabelRule): string | null {
  if (labels === 'none') return null;
  if (labels === 'consensus') return consensusLabel(ballots, minAgreement);
  return hasGold(question) ? question.gold : null;
}

/** Whether an accepted turn gives its answer in the asked-for format. By consensus cut replies alone are read once more. */
function isComplete(
  question: Question,
  label: string | null,
  turn: Turn,
  labels: LabelRule['labels'],
): boolean {
  if (labels !== 'consensus') return labels === 'none' || turn.strictCorrect;
  const { goldWritten: _, ...asked } = question;
  return (
    label !== null &&
    turn.finishReason === 'length' &&
    filteredCorrect({ ...asked, gold: label }, turn.reply, 'strict')
  );
}

/**
 * Questions to be trained on by rewards, and the turns about them, as if the label were the right answer: what rewards an answer
 * then rewards the label. Without labels the right answer stands in where it is known, the consensus where not. Training
 * questions without a label are left out; other splits stay as they are.
 */
export function relabelled(
  questions: readonly Question[],
  turns: readonly Turn[],
  protocol: string,
  rule: LabelRule,
): { readonly questions: readonly Question[]; readonly turns: readonly Turn[] } {
  const taught = questions.filter(({ split }) => split === 'train');
  if (rule.labels !== 'consensus' && taught.every(hasGold)) return { questions, turns };
  const own = groupedBy(turns, (turn) => turn.questionId);
  const labels = new Map<string, Question>();
  for (const question of taught) {
    if (rule.labels !== 'consensus' && hasGold(question)) {
      labels.set(question.id, question);
      continue;
    }
    if (rule.labels === 'gold') continue;
    const spoken = (own.get(question.id) ?? []).filter((turn) => turn.protocol === protocol);
    const gold = consensusLabel(ballotsOf(spoken), rule.minAgreement);
    // A worked solution contains the right answer.
    const { solution: _, goldWritten: __, ...asked } = question;
    if (gold !== null) labels.set(question.id, { ...asked, gold });
  }
  const ids = new Set(taught.map(({ id }) => id));
  return {
    questions: questions.flatMap((one) => (ids.has(one.id) ? (labels.get(one.id) ?? []) : one)),
    turns: turns.map((turn) => {
      const question = labels.get(turn.questionId);
      if (question === undefined) return turn;
      const correct = isCorrect(turn.answer, question.gold, question.answerType);
      return { ...turn, correct, strictCorrect: correct && filteredCorrect(question, turn.reply, 'strict') };
    }),
  };
}
