/** A Markdown table: first column to the left, the others to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = `|${head.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

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
