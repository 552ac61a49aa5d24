/** Self-correction in report.md, and in the sentences that the page shows too. */
import type { SelfCorrection, ShareOf } from '../records/records';
import { armPhrase } from './arm';
import { points, pointsInterval, table } from './markdownTable';
import { formatCount, formatP, formatPercent, formatPoints } from './numbers';

/** "18.5 % of 81 (11.4 to 28.6)"; how often it happened where it could. */
export function shareText({ n, share, ci }: ShareOf): string {
  if (share === null || ci === null) return '-';
  const [lo, hi] = ci.map((bound) => (100 * bound).toFixed(1));
  return `${formatPercent(share)} of ${formatCount(n)} (${lo} to ${hi})`;
}

/** How the first answer was decoded. */
export function firstAnswer({ temperature = 0 }: Pick<SelfCorrection, 'temperature'>): string {
  return temperature === 0 ? 'greedy' : `temperature ${temperature}`;
}

/** One row in a sentence: whether checking helps this student; null of reports that have no interval for it. */
export function selfCorrectionSentence(row: SelfCorrection): string | null {
  const { arm, difference, ci, mcnemarP, wrongToRight, rightToWrong, n } = row;
  if (difference === undefined || ci === undefined || mcnemarP === undefined || n === 0) return null;
  const verdict = ci[0] > 0 ? 'gains' : ci[1] < 0 ? 'loses' : 'neither gains nor loses measurably';
  const figures = `${formatPoints(difference)} points (95\u00a0% interval ${formatPoints(ci[0])} to ${formatPoints(ci[1])}, mid-p ${formatP(mcnemarP)}, n = ${formatCount(n)})`;
  return `Checking its ${(row.temperature ?? 0) === 0 ? 'greedy' : 'sampled'} answers, ${armPhrase(arm)} ${verdict}: ${figures}; ${formatCount(wrongToRight)} corrected, ${formatCount(rightToWrong)} spoilt.`;
}

/** Blocks of Markdown below the heading. */
export function selfCorrectionMarkdown(rows: readonly SelfCorrection[]): readonly string[] {
  return [
    'The student sees its own answer and is asked to check it; the second answer is greedy. Corrected is of the answers that were wrong, ' +
      "spoilt of those that were right, with Wilson intervals; the difference is paired, with McNemar's mid-p.",
    table(
      ['Arm', 'First answer', 'Questions', 'Right before', 'Right after', 'Difference (points)', '95 % interval', 'McNemar p', 'Wrong to right', 'Right to wrong', 'Corrected', 'Spoilt'], // prettier-ignore
      rows.map((row) => [
        row.arm,
        firstAnswer(row),
        ...[row.n, row.before, row.after].map(String),
        row.difference === undefined ? '-' : points(row.difference),
        row.ci === undefined ? '-' : pointsInterval(row.ci),
        row.mcnemarP === undefined ? '-' : formatP(row.mcnemarP),
        ...[row.wrongToRight, row.rightToWrong].map(String),
        row.corrected ? shareText(row.corrected) : '-',
        row.spoilt ? shareText(row.spoilt) : '-',
      ]),
    ),
    ...rows.flatMap((row) => selfCorrectionSentence(row) ?? []),
  ];
}
