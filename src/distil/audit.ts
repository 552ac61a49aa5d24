/** What the data of a training are like: coverage, labels and kinds of traces. Right answers are measured against here, never used. */
import type { TraceAudit, TraceKinds } from '../records/records';
import { isCorrect } from '../tasks/answers';
import { hasGold } from '../tasks/golds';
import type { LabelledQuestion, LabelRule } from './labels';
import type { Candidate } from './source';

/** Everything but what was kept: that is known when traces are chosen. */
export type AuditBefore = Omit<TraceAudit, 'kept'>;

type Kind = Pick<Candidate, 'corrective' | 'checked' | 'wrongStep' | 'quotesPeers'>;

/** Counts traces by what they are like. */
export function kindsOf(traces: readonly Kind[]): TraceKinds {
  const count = (is: (trace: Kind) => boolean): number => traces.filter(is).length;
  return {
    traces: traces.length,
    checked: count(({ checked }) => checked),
    wrongStep: count(({ wrongStep }) => wrongStep),
    corrective: count(({ corrective }) => corrective),
    peerQuoting: count(({ quotesPeers }) => quotesPeers),
  };
}

export function auditBefore(
  { labels }: Pick<LabelRule, 'labels'>,
  questions: readonly LabelledQuestion[],
  accepted: readonly Kind[],
): AuditBefore {
  const withLabel = questions.filter(({ label }) => label !== null);
  const judged = withLabel.filter(({ question }) => hasGold(question));
  const agreements = questions.flatMap(({ ballots: { agreement } }) =>
    agreement === null ? [] : [agreement],
  );
  return {
    labels,
    questions: questions.length,
    labelled: labels === 'none' ? questions.length : withLabel.length,
    known: judged.length,
    right: judged.filter(({ question: { gold, answerType }, label }) => isCorrect(label, gold, answerType))
      .length,
    meanAgreement:
      agreements.length === 0 ? null : agreements.reduce((sum, one) => sum + one, 0) / agreements.length,
    ties: questions.filter(({ ballots }) => ballots.tied).length,
    ...coverageOf(questions),
    accepted: kindsOf(accepted),
  };
}

/** By the verdicts that the turns were recorded with. */
function coverageOf(questions: readonly LabelledQuestion[]): Pick<TraceAudit, 'coverageAtK' | 'coverage'> {
  const known = questions.filter(({ question }) => hasGold(question));
  const share = (reached: (one: LabelledQuestion) => boolean): number =>
    known.filter(reached).length / known.length;
  if (known.length === 0) return { coverageAtK: [], coverage: null };
  const first = new Map(
    known.map((one) => {
      const alone = one.judged
        .filter(({ turn }) => turn.round === 0)
        .sort((a, b) => a.turn.agent - b.turn.agent);
      return [one, { count: alone.length, at: alone.findIndex(({ turn }) => turn.correct) }] as const;
    }),
  );
  const most = Math.max(...[...first.values()].map(({ count }) => count));
  return {
    coverageAtK: Array.from({ length: most }, (_, k) =>
      share((one) => {
        const at = first.get(one)?.at ?? -1;
        return at >= 0 && at <= k;
      }),
    ),
    coverage: share(({ judged }) => judged.some(({ turn }) => turn.correct)),
  };
}
