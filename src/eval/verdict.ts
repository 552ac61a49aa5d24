/** What a report says, in plain words, for the page and for report.md. */
import type { ArmResult, PairResult, Report } from '../records/records';
import { seedSummaries } from './seeds';
import { ensembleOf } from './pairs';
import { bestStudent } from './report';

/** "Not below" means that the lower bound of the difference is above this (docs/contracts.md). */
const margin = -0.02;

/** 0.1234 as "12.3 %". */
export function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}

/** 0.1234 as "+12.3". */
export function points(fraction: number): string {
  const value = (100 * fraction).toFixed(1);
  return fraction < 0 || value === '0.0' ? value.replace('-0.0', '0.0') : `+${value}`;
}

export function pointsInterval([lo, hi]: readonly [number, number]): string {
  return `[${points(lo)}, ${points(hi)}]`;
}

/** A p-value; small ones as a bound. */
export function pValue(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

/** What an interval of a difference allows to say. */
export type PairVerdict = 'above' | 'below' | 'not below' | 'undecided';

/**
 * Above or below: the interval lies on one side of 0. Not below: its lower bound is above the margin and n is large enough to
 * have shown such a loss: without a single lost item a bootstrap sees no loss at all, so 3 / n (the 95 % bound of a share that
 * was never observed) has to be within the margin too.
 */
export function pairVerdict(pair: Pick<PairResult, 'ci' | 'bOnly'>, n: number): PairVerdict {
  if (pair.ci[0] > 0) return 'above';
  if (pair.ci[1] < 0) return 'below';
  const seen = pair.bOnly > 0 || 3 / n <= -margin;
  return pair.ci[0] > margin && seen ? 'not below' : 'undecided';
}

/** Arm names as a reader says them. */
export function armLabel(name: string): string {
  const [kind, detail = ''] = name.split(':');
  switch (kind) {
    case 'base':
      return 'the student before training';
    case 'base-shots':
      return "the student before training with the agents' examples";
    case 'single':
      return 'the best single agent';
    case 'single-greedy':
      return 'the best single agent (greedy, as the student is decoded)';
    case 'vote':
      return `the vote of ${detail} independent answers`;
    case 'vote-zero-shot':
      return `the vote of ${detail} independent answers without examples`;
    case 'vote-equal-tokens':
      return 'the vote of independent answers at the same tokens';
    case 'debate':
      return 'the debate';
    case 'summariser':
      return 'the summariser';
    case 'distilled':
      return `the distilled student (${detail})`;
    case 'control':
      return `the control "${detail}"`;
    default:
      return name;
  }
}

/** Whether the best student is above one agent alone at its own decoding: only then is a share of the ensemble's gain its own. */
export function beatsAlone({ arms, pairs }: Pick<Report, 'arms' | 'pairs'>): boolean {
  const student = bestStudent(arms)?.name;
  const pair = pairs.find(({ a, b }) => a === student && b === 'single-greedy');
  return pair !== undefined && pair.ci[0] > 0;
}

/**
 * What n questions allow to say when two arms are right on the same of them. The 95 % bound of a share that was never
 * observed is about 3 / n (the rule of three); a detectable difference cannot be computed without a discordant item.
 */
function noneDiffers(n: number): string {
  const bound = `${(300 / n).toFixed(1)} points`;
  return 3 / n <= -margin
    ? `Both are right on the same questions; with ${n} of them a difference above ${bound} would have shown`
    : `Both are right on the same questions, but ${n} is too small a number to rule out a difference of up to ${bound}`;
}

function sentence(pair: PairResult, n: number): string {
  const figures =
    `${points(pair.difference)} points ${pointsInterval(pair.ci)}, ${pair.aOnly} gained, ${pair.bOnly} lost, ` +
    `p ${pValue(pair.mcnemarP)}`;
  const [a, b] = [armLabel(pair.a), armLabel(pair.b)];
  const start = a.charAt(0).toUpperCase() + a.slice(1);
  switch (pairVerdict(pair, n)) {
    case 'above':
      return `${start} is above ${b}: ${figures}.`;
    case 'below':
      return `${start} is below ${b}: ${figures}.`;
    case 'not below':
      return (
        `${start} is not below ${b} (by more than 2 points): ${figures}.` +
        (pair.aOnly + pair.bOnly === 0 ? ` ${noneDiffers(n)}.` : '')
      );
    case 'undecided':
      return (
        `${start} and ${b} cannot be told apart: ${figures}. ` +
        (pair.aOnly + pair.bOnly === 0
          ? `${noneDiffers(n)}.`
          : `With ${n} questions a difference shows from about ${(100 * pair.detectable).toFixed(1)} points on, so ${n} is too small a number to tell.`)
      );
  }
}

function costSentence(student: ArmResult, ensemble: ArmResult): string | null {
  if (student.tokensPerQuestion <= 0 || ensemble.tokensPerQuestion <= 0) return null;
  const [few, many] = [student.tokensPerQuestion, ensemble.tokensPerQuestion];
  return (
    `The student writes ${few.toFixed(0)} tokens for a question, ${armLabel(ensemble.name)} ${many.toFixed(0)} ` +
    `(${(many / few).toFixed(1)} times as many).`
  );
}

/** Sentences, most important first. */
export function verdictText(
  report: Pick<Report, 'arms' | 'pairs' | 'gainKept' | 'seeds' | 'repeatable'> & Partial<Pick<Report, 'ood'>>,
): readonly string[] {
  const { arms, pairs } = report;
  const arm = (name: string | null): ArmResult | undefined => arms.find((one) => one.name === name);
  const pair = (a: string, b: string): PairResult | undefined => pairs.find((p) => p.a === a && p.b === b);
  const n = arms[0]?.n ?? 0;
  if (n === 0) return ['No question was answered yet, so nothing can be compared.'];
  const lines: string[] = [];
  const say = (found: PairResult | undefined): void => {
    if (found) lines.push(sentence(found, n));
  };
  const student = bestStudent(arms);
  const ensembleName = ensembleOf(arms.map((one) => one.name));
  const ensemble = arm(ensembleName);
  const base = arm('base');
  if (student && base) {
    lines.push(
      `On ${n} held-out questions ${armLabel(student.name)} is right in ${percent(student.accuracy)}, before training ${percent(base.accuracy)}` +
        (ensemble ? `, ${armLabel(ensemble.name)} in ${percent(ensemble.accuracy)}.` : '.'),
    );
    if (arms.filter((one) => one.name.startsWith('distilled:')).length > 1) {
      lines.push('It is the best of several on these very questions, which flatters it a little.');
    }
    say(pair(student.name, 'base'));
    const alone = pair(student.name, 'single-greedy');
    say(alone);
    if (!alone)
      lines.push(
        "No agent was measured at the student's greedy decoding, so whether the debate adds anything is not known.",
      );
    if (ensembleName !== null) say(pair(student.name, ensembleName));
  }
  if (report.gainKept && !beatsAlone(report)) {
    // A share of the gain would hold the agents' sampling against the student's greedy decoding.
    if (pair(student?.name ?? '', 'single-greedy'))
      lines.push(
        'The student is not above one agent alone at its own decoding, so no gain from the debate is shown.',
      );
  } else if (report.gainKept) {
    const { value, ci } = report.gainKept;
    lines.push(
      `It keeps ${(100 * value).toFixed(0)} % [${(100 * ci[0]).toFixed(0)}, ${(100 * ci[1]).toFixed(0)}] of what ${armLabel(report.gainKept.ensemble)} gains over the student before training.`,
    );
  } else if (ensemble && base) {
    lines.push(
      `How much of the gain was kept cannot be said: ${armLabel(ensemble.name)} is not distinguishably above the student before training.`,
    );
  }
  if (ensembleName === 'debate') {
    for (const found of pairs) {
      if (found.a === 'debate' && /^(vote|single-greedy)/.test(found.b)) say(found);
    }
  }
  const unlike = report.ood?.pairs.find(({ a, b }) => a === 'debate' && b.startsWith('vote:'));
  if (unlike && unlike.ci[1] < 0)
    lines.push(
      `Out of distribution the debate is below ${armLabel(unlike.b)}: ${points(unlike.difference)} points ${pointsInterval(unlike.ci)}.`,
    );
  if (student) {
    for (const found of pairs) {
      if (found.a === student.name && found.b.startsWith('control:')) say(found);
    }
    if (ensemble) lines.push(...[costSentence(student, ensemble)].filter((line) => line !== null));
    const summary = seedSummaries(report).find((row) => row.name === student.name);
    if (summary) {
      lines.push(
        `Over ${summary.seeds} trainings with different seeds it is right in ${percent(summary.mean)} on average (${percent(summary.lo)} to ${percent(summary.hi)}).`,
      );
    }
  }
  if (n < 300) {
    lines.push(
      `With ${n} questions one standard error of an accuracy is up to ${(50 / Math.sqrt(n)).toFixed(1)} points: take small differences as noise.`,
    );
  }
  lines.push(
    report.repeatable === 'bytes'
      ? 'The same seed on this device gives the same bytes again.'
      : 'The settings can be repeated; the exact texts may differ, because an agent does not promise them.',
  );
  return lines;
}
