/** Figures and tables as Markdown. */
import type { Result } from './results';

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
export const count = (value: number): string => Math.round(value).toLocaleString('en-US');

/** 0.615 as "+61.5". */
export function points(difference: number): string {
  const text = (100 * difference).toFixed(1);
  if (Number(text) === 0) return '0.0';
  return difference > 0 ? `+${text}` : text;
}

export function interval([lo, hi]: readonly [number, number] | readonly number[]): string {
  return `[${(100 * (lo ?? NaN)).toFixed(1)}, ${(100 * (hi ?? NaN)).toFixed(1)}]`;
}

/** A difference in points with its interval. */
export function change({
  difference,
  ci,
}: {
  readonly difference: number;
  readonly ci: readonly [number, number] | readonly number[];
}): string {
  return `${points(difference)} ${interval(ci)}`;
}

/** Mean and range of shares. */
export function spread(shares: readonly number[]): string {
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  const [lo, hi] = [Math.min(...shares), Math.max(...shares)];
  return `${percent(mean)} (${(100 * lo).toFixed(1)} to ${(100 * hi).toFixed(1)})`;
}

/** First column as it is, the others to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = `|${head.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

export function duration(seconds: number): string {
  return seconds < 600 ? `${Math.round(seconds)} seconds` : `${Math.round(seconds / 60)} minutes`;
}

/** What was run and where, before the figures of a demonstration. */
export function origin(
  { name, date, versions, machine }: Pick<Result<unknown>, 'name' | 'date' | 'versions' | 'machine'>,
  facts: { readonly command: string; readonly what: string; readonly device?: string },
): string {
  const { arklet = '', node = '', ...others } = versions;
  const further = Object.entries(others).map(([library, version]) => `${library} ${version}`);
  const software = [`arklet ${arklet}`, `Node ${node.replace('v', '')}`, ...further].join(', ');
  const where = [facts.device, machine].filter((text) => text !== undefined).join('; ');
  return [
    `- Again: \`npm run prove -- --only ${name}\``,
    `- Command: \`${facts.command}\``,
    `- What: ${facts.what}`,
    `- Where: ${where}; ${software}; ${date}`,
  ].join('\n');
}

/** "WASM SIMD, 1 thread, Chromium 156" of a run's environment. */
export function deviceOf({
  device,
  userAgent,
}: {
  readonly device: string;
  readonly userAgent: string;
}): string {
  const chromium = /Chrome\/(\d+)/.exec(userAgent)?.[1];
  return chromium === undefined ? device : `${device}, Chromium ${chromium}`;
}
