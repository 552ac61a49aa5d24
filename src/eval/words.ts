/** The verdict in sentences: one wording for the page, report.md and the command. Says so when the numbers cannot tell. */
import type { Report } from '../records/records';
import { armLabel, armPhrase, trainingOf } from './arm';
import { emptyReason } from './emptyDataset';
import { formatCount, formatP, formatPercent, formatPoints } from './numbers';
import { questionsNeeded } from './statistics';
import { isHeadline, margin, reportVerdict, rulesOutMargin, type Finding, type PairVerdict } from './verdict';

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const inPoints = (share: number): string => (100 * share).toFixed(1);

/** 0.18 -> "18", with a real minus. */
const whole = (share: number): string => (100 * share).toFixed(0).replace('-', '\u2212');

/** What n questions tell when no answer differs: a share that was never seen is under 3 / n (95 %, the rule of three). */
export function ruleOfThree(n: number): string {
  const bound = `${(300 / n).toFixed(300 / n < 10 ? 1 : 0)} points`;
  return rulesOutMargin(n)
    ? `With ${formatCount(n)} questions a difference above ${bound} would have shown.`
    : `${formatCount(n)} questions are too few to rule out a difference of up to ${bound}.`;
}

/** "95 % interval +1.0 to +9.7". */
const intervalText = ([lo, hi]: readonly [number, number]): string =>
  `95\u00a0% interval ${formatPoints(lo)} to ${formatPoints(hi)}`;

/** "p = 0.012", "p < 0.001". */
function pText(p: number): string {
  const text = formatP(p);
  return `p ${text.startsWith('<') ? text : `= ${text}`}`;
}

/** "+5.3 points (95 % interval +1.0 to +9.7; after Holm p = 0.012)": Holm where the pair was not named before the run. */
function figures({ difference, interval, test }: PairVerdict, ...more: readonly string[]): string {
  const holm = test.adjusted === undefined ? '' : `; after Holm ${pText(test.adjusted)}`;
  const inside = [intervalText(interval), ...more].join(', ');
  return `${formatPoints(difference)} points (${inside}${holm})`;
}

/** The same with the number of questions. */
const counted = (pair: PairVerdict): string => figures(pair, `n = ${formatCount(pair.n)}`);

/** What n questions could have shown. */
function power({ kind, n, difference, detectable }: PairVerdict): string {
  if (detectable === null) return ruleOfThree(n);
  const [count, shown] = [formatCount(n), `differences above about ${inPoints(detectable)} points show`];
  if (kind !== 'undecided' || difference === 0)
    return `With ${count} questions ${shown}; smaller ones may go unseen.`;
  const wanted = formatCount(questionsNeeded({ detectable, difference }, n));
  return `${count} questions are too few to settle this: only ${shown}. About ${wanted} questions would be needed for a difference as small as this one.`;
}

/** Names of a pair's arms in a sentence. */
export interface PairNames {
  readonly a: string;
  readonly b: string;
}

/** How the pair stands, in one sentence that begins with a's name as it is. */
function stand(pair: PairVerdict, { a, b }: PairNames): string {
  if (pair.detectable === null)
    return `${a} and ${b} are right on exactly the same of the ${formatCount(pair.n)} questions.`;
  switch (pair.kind) {
    case 'above':
      return `${a} is better than ${b}: ${figures(pair)}.`;
    case 'below':
      return `${a} is worse than ${b}: ${figures(pair)}.`;
    case 'not-below':
      return `${a} is not worse than ${b} by more than ${100 * margin} points: ${figures(pair)}.`;
    case 'undecided':
      return `${a} and ${b} cannot be told apart: ${figures(pair)}.`;
    default:
      return pair.kind satisfies never;
  }
}

const namesOf = ({ a, b }: PairVerdict): PairNames => ({ a: armPhrase(a), b: armPhrase(b) });
const open = ({ kind, detectable }: PairVerdict): boolean => kind === 'undecided' || detectable === null;

/** One pair in full: how it stands, what n could show, and McNemar's p in words. */
export function pairSentences(pair: PairVerdict, names: PairNames = namesOf(pair)): readonly string[] {
  const { p, adjusted } = pair.test;
  const holm =
    adjusted === undefined
      ? ''
      : ` The contrast was not named before the run: corrected for the number of contrasts (Holm), ${pText(adjusted)}.`;
  const luck = `Were the two equally good, a split this uneven would come up by luck with ${pText(p)} (McNemar, mid-p).${holm}`;
  return [capital(stand(pair, names)), power(pair), ...(pair.detectable === null ? [] : [luck])];
}

/** The pair within a verdict: what n could show is said where the pair is open. */
function pairText(pair: PairVerdict, before = ''): string {
  const said = capital(before + stand(pair, namesOf(pair)));
  return open(pair) ? `${said} ${power(pair)}` : said;
}

function gainText(pair: PairVerdict, before: number, after: number): string {
  if (pair.detectable === null)
    return `Distilling changed nothing: before and after, the student is right on the same of the ${formatCount(pair.n)} questions. ${ruleOfThree(pair.n)}`;
  const way = `from ${formatPercent(before)} to ${formatPercent(after)}`;
  switch (pair.kind) {
    case 'above':
      return `Distilling lifted the student ${way}: ${counted(pair)}.`;
    case 'below':
      return `Distilling made the student worse, ${way}: ${counted(pair)}.`;
    case 'not-below':
      return `No clear change, ${way}: ${counted(pair)}. A loss of more than ${100 * margin} points is ruled out.`;
    case 'undecided':
      return `No clear change, ${way}: ${counted(pair)}. ${power(pair)}`;
    default:
      return pair.kind satisfies never;
  }
}

function aloneText(pair: PairVerdict | null, ensemble: string | null): string {
  const whole = ensemble === null ? 'an ensemble' : armPhrase(ensemble);
  if (pair === null)
    return `No agent was measured at the student's greedy decoding, so whether ${whole} adds anything is not known.`;
  const said = pairText(pair);
  if (pair.kind === 'above') return said;
  return open(pair)
    ? `${said} So no gain from ${whole} is shown.`
    : `${said.slice(0, -1)}, so no gain from ${whole} is shown.`;
}

function primaryText({ contrast, hash, pair, seeds }: Extract<Finding, { type: 'primary' }>): string {
  const named = `Named before the run (${hash.slice(0, 8)}): `;
  if (pair === null)
    return `${named}${armPhrase(contrast.a)} against ${armPhrase(contrast.b)}, which this run could not measure.`;
  const over = seeds
    ? ` Over ${formatCount(seeds.seeds)} trainings on the same turns the difference is ${formatPoints(seeds.mean)} points on average (95\u00a0% t interval ${formatPoints(seeds.interval[0])} to ${formatPoints(seeds.interval[1])}).`
    : '';
  const said = `${named}${stand(pair, namesOf(pair))}`;
  return `${open(pair) ? `${said} ${power(pair)}` : said}${over}`;
}

function helpsText({ vote, control, named, shown }: Extract<Finding, { type: 'helps' }>): string {
  // What was named before the run has a sentence of its own.
  const said = [vote, named ? null : control]
    .filter((pair) => pair !== null)
    .map((pair) => stand(pair, namesOf(pair)));
  switch (shown) {
    case 'yes':
      return ['The debate helps.', ...said.map(capital)].join(' ');
    case 'no':
      return ['No gain from debating is shown.', ...said.map(capital)].join(' ');
    case 'not measured':
      return 'Whether debating helps is not known: that takes a vote of independent answers at its total tokens and a student taught by independent samples.';
    default:
      return shown satisfies never;
  }
}

const chosenBy: Readonly<Record<'only' | 'validation' | 'test', string>> = {
  only: 'the only one',
  validation: 'chosen on the validation questions',
  test: 'the best on these very questions, which flatters it',
};

/** Of an evaluation set. */
function splitText(split: string): string {
  if (split === 'ood') return 'on questions unlike the training ones ';
  return split === 'robust' ? 'on perturbed questions ' : `on the evaluation set ${split} `;
}

const repeats: Readonly<Record<Report['repeatable'], string>> = {
  bytes: 'The same seed on this device gives the same bytes again.',
  forms:
    'The same seed on this device gives the same bytes again where its kernels are tuned alike, which each session does anew.',
  settings:
    'The settings can be repeated; the exact texts may differ, because an agent does not promise them.',
};

/** How far the same settings give the same run. */
export function repeatSentence(how: Report['repeatable']): string {
  return repeats[how];
}

/** A finding in words. */
export function sentence(finding: Finding): string {
  switch (finding.type) {
    case 'no-questions':
      return 'No question was answered yet, so nothing can be compared.';
    case 'gain':
      return gainText(finding.pair, finding.before, finding.after);
    case 'best-of':
      return `Shown is "${armLabel(finding.arm)}", of ${formatCount(finding.students)} students ${chosenBy[finding.by]}.`;
    case 'seeds':
      return `Over ${formatCount(finding.seeds)} trainings with different seeds it is right in ${formatPercent(finding.mean)} on average (${formatPercent(finding.lo)} to ${formatPercent(finding.hi)}).`;
    case 'alone':
      return aloneText(finding.pair, finding.ensemble);
    case 'ensemble':
    case 'debate':
    case 'control':
      return pairText(finding.pair);
    case 'primary':
      return primaryText(finding);
    case 'helps':
      return helpsText(finding);
    case 'short': {
      const { wanted, reached, samples } = finding.budget;
      return `${capital(armPhrase(finding.arm))} fell short: its ${samples.toFixed(1)} samples a question reach ${whole(reached / wanted)}\u00a0% of the tokens it is to have; no more were made or recorded.`;
    }
    case 'untaught': {
      const { arm, dropped, questions } = finding;
      const why = emptyReason(trainingOf(arm) ?? arm, { dropped }, questions);
      return `${capital(armPhrase(arm))} was not trained. ${why.message}`;
    }
    case 'first-vote':
      return pairText(finding.pair, splitText(finding.split));
    case 'kept': {
      const gain = `gain of ${armPhrase(finding.ensemble)}`;
      if (finding.share === null)
        return `The ${gain} over the base student is not distinguishable from 0, so the share kept is not shown.`;
      const { value, interval } = finding.share;
      return `The student keeps ${whole(value)}\u00a0% of the ${gain} (95\u00a0% interval ${whole(interval[0])} to ${whole(interval[1])}\u00a0%). Where that gain is small, the share is too small on average: it is given only where the gain is distinguishable from 0.`;
    }
    case 'cost': {
      const { student, tokens, ensemble } = finding;
      return `The student writes ${student.toFixed(0)} tokens for a question, ${armPhrase(ensemble)} ${tokens.toFixed(0)} (${(tokens / student).toFixed(1)} times as many).`;
    }
    case 'noise':
      return `With ${formatCount(finding.n)} questions one standard error of an accuracy is up to ${inPoints(finding.error)} points: take small differences as noise.`;
    case 'repeatable':
      return repeatSentence(finding.how);
    default:
      return finding satisfies never;
  }
}

type Told = Parameters<typeof reportVerdict>[0];

/** Every sentence, for report.md. */
export function verdictSentences(report: Told): readonly string[] {
  return reportVerdict(report).findings.map(sentence);
}

/** How many of them the page shows at once: the gain, what was named before the run, whether the debate helps. */
export const shownSentences = 3;

/** Those of the page's head and of the command, the most important first. */
export function headlineSentences(report: Told): readonly string[] {
  return reportVerdict(report).findings.filter(isHeadline).map(sentence);
}
