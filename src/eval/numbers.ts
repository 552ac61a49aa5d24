/** Numbers in sentences and on the page. Fractions 0-1. Tables of report.md hold plain ASCII (markdownTable.ts). */
const integer = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export function formatCount(value: number): string {
  return integer.format(value);
}

/** 0.683 -> "68.3 %", the space not breaking; whole per cents for fewer than 1,000 items would hide a tie, so one digit always. */
export function formatPercent(fraction: number, digits = 1): string {
  return `${(100 * fraction).toFixed(digits)}\u00a0%`;
}

/** A difference of fractions in points, with its sign: 0.365 -> "+36.5". The minus is a real minus. */
export function formatPoints(difference: number): string {
  const points = 100 * difference;
  const text = Math.abs(points).toFixed(1);
  if (text === '0.0') return '0.0';
  return `${points > 0 ? '+' : '\u2212'}${text}`;
}

/** A p-value: never "0". */
export function formatP(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}
