/** A uPlot chart as the text of an SVG file: the same curves, colours and scales, drawn as lines. */
import type uPlot from 'uplot';
import { escapeXml as escape } from '../../core/escapeXml';
import { niceTicks } from '../runs/curves';
import { tickValue } from './chartParts';
import type { ChartForm, Curve } from './logChart';

const [left, right, top, bottom] = [56, 16, 28, 44] as const;

interface Frame {
  readonly title: string;
  /** Of the page behind the chart. */
  readonly ground: string;
  readonly ink: string;
  readonly line: string;
}

function colourOf(plot: uPlot, at: number): string {
  const stroke: unknown = plot.series[at]?.stroke;
  const found: unknown =
    typeof stroke === 'function' ? (stroke as (u: uPlot, i: number) => unknown)(plot, at) : stroke;
  return typeof found === 'string' ? found : 'currentColor';
}

/** What uPlot does not know of a chart. */
interface Drawn {
  readonly curves: readonly Curve[];
  readonly ticks?: ChartForm['ticks'];
}

/** Null where the chart has no values yet. */
export function plotSvg(
  plot: uPlot,
  { title, ground, ink, line }: Frame,
  { curves: forms, ticks }: Drawn,
): string | null {
  const [steps = [], ...columns] = plot.data;
  const whiskers = forms.map(({ whiskers: own = [] }) => own);
  const values = [
    ...columns.flatMap((column) => [...column].filter((value) => typeof value === 'number')),
    ...whiskers.flat().flatMap(({ low: from, high: to }) => [from, to]),
  ];
  const [first, last] = [steps[0], steps[steps.length - 1]];
  if (first === undefined || last === undefined || values.length === 0) return null;
  const [width, height] = [Math.max(480, plot.width), Math.max(240, plot.height + 48)];
  const levels = niceTicks(Math.min(...values), Math.max(...values));
  const [low, high] = [levels[0] ?? 0, levels.at(-1) ?? 1];
  const x = (step: number): number =>
    left + ((width - left - right) * (step - first)) / Math.max(1e-9, last - first);
  const y = (value: number): number =>
    height - bottom - ((height - top - bottom) * (value - low)) / Math.max(1e-12, high - low);
  const at = (number: number): string => number.toFixed(1);

  const grid = levels.map(
    (level) =>
      `<line x1="${left}" x2="${width - right}" y1="${at(y(level))}" y2="${at(y(level))}" stroke="${line}"/>` +
      `<text x="${left - 6}" y="${at(y(level) + 4)}" text-anchor="end">${escape(tickValue(level))}</text>`,
  );
  const places = ticks ?? niceTicks(first, last).map((step) => ({ at: step, label: String(step) }));
  const marks = places
    .filter((place) => place.at >= first && place.at <= last)
    .map(
      (place) =>
        `<text x="${at(x(place.at))}" y="${height - bottom + 16}" text-anchor="middle">${escape(place.label)}</text>`,
    );
  const measured = whiskers.flatMap((own, index) => {
    const stroke = escape(colourOf(plot, index + 1));
    return own.map(
      (one) =>
        `<path stroke="${stroke}" d="M${at(x(one.at))} ${at(y(one.low))}V${at(y(one.high))}"/>` +
        `<circle cx="${at(x(one.at))}" cy="${at(y(one.value))}" r="2.5" fill="${stroke}"/>`,
    );
  });
  const curves = columns.map((column, index) => {
    const series = plot.series[index + 1];
    const points = [...column].flatMap((value, i) => {
      const step = steps[i];
      return typeof value === 'number' && step !== undefined ? [`${at(x(step))},${at(y(value))}`] : [];
    });
    const dash = series?.dash ? ` stroke-dasharray="${series.dash.join(' ')}"` : '';
    return `<polyline fill="none" stroke="${escape(colourOf(plot, index + 1))}" stroke-width="${series?.width ?? 1}"${dash} points="${points.join(' ')}"/>`;
  });
  let along = left;
  const names = columns.map((_, index) => {
    const series = plot.series[index + 1];
    const label = typeof series?.label === 'string' ? series.label : '';
    const dash = series?.dash ? ` stroke-dasharray="${series.dash.join(' ')}"` : '';
    const drawn =
      `<line x1="${along}" x2="${along + 22}" y1="${height - 12}" y2="${height - 12}" stroke="${escape(colourOf(plot, index + 1))}" stroke-width="2"${dash}/>` +
      `<text x="${along + 28}" y="${height - 8}">${escape(label)}</text>`;
    along += 44 + 7 * label.length;
    return drawn;
  });
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="${escape(ink)}">` +
    `<title>${escape(title)}</title><rect width="100%" height="100%" fill="${escape(ground)}"/>` +
    `<text x="${left}" y="16" font-weight="600">${escape(title)}</text>` +
    [...grid, ...marks, ...curves, ...measured, ...names].join('\n') +
    '</svg>\n'
  );
}
