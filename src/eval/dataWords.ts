/**
 * What there is to learn from, in figures and in sentences: known before a student is trained. One wording for the page and
 * report.md; the thresholds are those of docs/method.md section 3.
 */
import type { DataDiagnosis, TraceAudit, TraceKinds } from '../records/records';
import { formatCount, formatPercent } from './numbers';

/** From here on the sentences say what is to be expected. Shares. */
export const dataThresholds = {
  /** Independent answers that reach nearly every right answer leave a debate little to add. */
  coverage: 0.95,
  /** What any turn reaches above what independent answers reach, for the debate to be worth its tokens. */
  coverageGain: 0.05,
  /** Labels below this teach wrong answers. */
  precision: 0.7,
  /** Wrong steps above this are learned where nothing filters them. */
  wrongStep: 0.1,
  /** Questions without a label above this are a loss of data. */
  unlabelled: 0.3,
} as const;

const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

export function diagnosisOf(audit: TraceAudit): DataDiagnosis {
  const { labels, questions, labelled, known, right, accepted } = audit;
  return {
    labels,
    coverageAtK: audit.coverageAtK,
    coverage: audit.coverage,
    labelPrecision: labels === 'none' ? null : share(right, known),
    labelCoverage: share(labelled, questions) ?? 0,
    wrongStepShare: share(accepted.wrongStep, accepted.traces),
    meanAgreement: audit.meanAgreement,
    ties: share(audit.ties, questions) ?? 0,
  };
}

/** Kinds of traces, as a table names them. */
export const kindRows: readonly { readonly key: keyof TraceKinds; readonly name: string }[] = [
  { key: 'traces', name: 'Traces' },
  { key: 'checked', name: 'With steps that can be checked' },
  { key: 'wrongStep', name: 'With a wrong step' },
  { key: 'corrective', name: 'Corrective' },
  { key: 'peerQuoting', name: 'Mention peers' },
];

/** A figure with its name, for lists and tables. */
export interface DataFigure {
  readonly name: string;
  readonly value: string;
}

const percent = (value: number | null): string => (value === null ? 'unknown' : formatPercent(value));

export function dataFigures(data: DataDiagnosis): readonly DataFigure[] {
  const { coverageAtK, coverage } = data;
  const last = coverageAtK.length;
  const at = [1, 2, 3, 5, 10].filter((k) => k < last);
  const reached = [...at, ...(last > 0 ? [last] : [])].map((k) => ({
    name: k === 1 ? 'Right by the first independent answer' : `Right by one of ${k} independent answers`,
    value: percent(coverageAtK[k - 1] ?? null),
  }));
  return [
    ...reached,
    ...(coverage === null ? [] : [{ name: 'Right by any turn', value: percent(coverage) }]),
    ...(data.labels === 'none'
      ? []
      : [
          { name: 'Questions with a label', value: percent(data.labelCoverage) },
          { name: 'Labels that are right', value: percent(data.labelPrecision) },
        ]),
    { name: 'Traces with a wrong step, before the filter', value: percent(data.wrongStepShare) },
    { name: 'Mean agreement of the last round', value: percent(data.meanAgreement) },
    { name: 'Tied votes', value: percent(data.ties) },
  ];
}

const labelWords: Readonly<Record<DataDiagnosis['labels'], string>> = {
  gold: 'the right answers',
  consensus: 'consensus',
  none: 'nothing',
};

/** A sentence on what to expect; `warns` where something should be done about it. */
export interface DataNote {
  readonly text: string;
  readonly warns: boolean;
}
const fine = (text: string): DataNote => ({ text, warns: false });
const warning = (text: string): DataNote => ({ text, warns: true });

function coverageNotes({ labels, coverageAtK, coverage }: DataDiagnosis): readonly DataNote[] {
  const alone = coverageAtK.at(-1);
  if (alone === undefined || coverage === null) {
    return labels === 'gold'
      ? []
      : [fine('No right answer is known here, so neither coverage nor labels can be measured.')];
  }
  const k = formatCount(coverageAtK.length);
  const answers =
    coverageAtK.length === 1 ? 'One independent answer reaches' : `${k} independent answers reach`;
  const reach = `${answers} the right answer of ${formatPercent(alone)} of the questions`;
  const turns = `all turns that of ${formatPercent(coverage)}`;
  if (labels !== 'gold') return [fine(`${reach}, ${turns}.`)];
  if (alone >= dataThresholds.coverage)
    return [
      warning(
        `${reach}: with labels by the right answers a debate adds little over independent samples here.`,
      ),
    ];
  if (coverage - alone >= dataThresholds.coverageGain)
    return [
      fine(
        `${reach}, the debate that of ${formatPercent(coverage)}: it teaches questions that samples do not.`,
      ),
    ];
  return [warning(`${reach}, ${turns}: the debate reaches hardly more than samples do.`)];
}

function labelNotes({ labels, labelPrecision, labelCoverage }: DataDiagnosis): readonly DataNote[] {
  if (labels === 'none')
    return [warning('There are no labels: the student learns right and wrong answers alike.')];
  const said: DataNote[] = [];
  if (labels === 'consensus' && labelPrecision !== null) {
    const right = `${formatPercent(labelPrecision)} of the labels by consensus are right`;
    said.push(
      labelPrecision < dataThresholds.precision
        ? warning(`${right}: the student will learn wrong answers.`)
        : fine(`${right}: it can learn without the right answers.`),
    );
  }
  if (1 - labelCoverage > dataThresholds.unlabelled)
    said.push(
      warning(
        `${formatPercent(1 - labelCoverage)} of the questions have no label by ${labelWords[labels]} and teach nothing.`,
      ),
    );
  return said;
}

/** `filtered`: whether traces with a wrong step are left out. */
function stepNotes({ wrongStepShare }: DataDiagnosis, filtered: boolean): readonly DataNote[] {
  if (wrongStepShare === null) return [warning('No trace can be learnt from.')];
  if (wrongStepShare <= dataThresholds.wrongStep) return [];
  const wrong = `${formatPercent(wrongStepShare)} of the traces end in their label by a wrong step`;
  return [
    filtered
      ? fine(`${wrong}: they are left out.`)
      : warning(
          `${wrong}: the student will learn them, most of all by DA, which looks for unlike traces. Use the step filter.`,
        ),
  ];
}

/** What to expect of a training on these data, one sentence a finding. */
export function dataNotes(data: DataDiagnosis, filtered: boolean): readonly DataNote[] {
  return [...coverageNotes(data), ...labelNotes(data), ...stepNotes(data, filtered)];
}
