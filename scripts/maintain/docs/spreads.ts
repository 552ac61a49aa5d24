/** Means over seeds with their intervals, and the bounds that were written down before, as Markdown. */
import type { Bound, Spread } from '../../prove/hypotheses.mjs';
import { count, table } from './words';

export const one = (value: number | undefined): string => (value ?? NaN).toFixed(1);
export const level = ({ mean }: Spread): string => `${one(mean)} %`;
/** A level with its interval. */
export const range = (spread: Spread): string =>
  `${level(spread)} [${one(spread.ci[0])}, ${one(spread.ci[1])}]`;
export const gap = ({ mean, ci }: Spread): string =>
  `${mean > 0 ? '+' : ''}${one(mean)} [${one(ci[0])}, ${one(ci[1])}]`;

const shown: Readonly<Record<Bound['kind'], (measured: Spread) => string>> = {
  level,
  gap,
  count: ({ mean }) => count(mean),
};

export function boundsTable(bounds: readonly Bound[]): string {
  const rows = bounds.map(({ what, wanted, measured, kind, holds }) => [
    what,
    wanted,
    shown[kind](measured),
    holds ? 'holds' : '**missed**',
  ]);
  return table(['written down before the run', 'bound', 'measured', ''], rows);
}
