/** Numbers as people read them. Input units: seconds, bytes, fractions 0-1. */

import { formatCount } from '../eval/numbers';

export { formatCount, formatP, formatPercent, formatPoints } from '../eval/numbers';

export function formatSeconds(seconds: number): string {
  if (seconds < 1) return `${Math.max(1, Math.round(1000 * seconds))} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Time left, without milliseconds. */
export function formatLeft(seconds: number): string {
  if (seconds < 1) return 'under 1 s';
  return formatSeconds(seconds < 10 ? Math.round(seconds) : seconds)
    .replace(/^(\d)\.0 s$/, '$1 s')
    .replace(' min 0 s', ' min');
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

/** Three significant digits; small and large values in scientific form. */
export function formatSmall(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  return size < 1e-3 || size >= 1e5 ? value.toExponential(1).replace('e', ' e') : value.toPrecision(3);
}

export function formatDate(milliseconds: number): string {
  return new Date(milliseconds).toLocaleString('en', {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
}

/** 1 -> "1 turn", 2,000 -> "2,000 turns". */
export function formatPlural(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
