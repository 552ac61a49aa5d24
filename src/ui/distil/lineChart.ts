/** Curves on uPlot, mostly a training log's, in the page's own colours; redrawn when the theme changes. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { cssColour, drawWhiskers, legendValue, namedPlace, placeValue, tickValues } from './chartParts';
import {
  chartColumns,
  presentCurves,
  whiskerRange,
  type ChartForm,
  type ChartRow,
  type Curve,
} from './logChart';
import { plotSvg } from './plotSvg';

/** Distances between ticks of the step axis: whole steps only. */
const stepIncrements = [1, 10, 100, 1000, 10_000].flatMap((power) => [power, 2 * power, 5 * power]);

/** Room for the whiskers at both ends. */
const sidesFree = (_: uPlot, low: number, high: number): [number, number] => {
  const room = 0.04 * (high - low);
  return [low - room, high + room];
};

const remSize = (): number => parseFloat(getComputedStyle(document.documentElement).fontSize);

export class LineChart {
  readonly #host: HTMLElement;
  readonly #form: ChartForm;
  readonly #resize: ResizeObserver;
  readonly #theme: MutationObserver;
  readonly #scheme = matchMedia('(prefers-color-scheme: dark)');
  #plot: uPlot | null = null;
  #curves: readonly Curve[] = [];
  #steps: readonly ChartRow[] = [];

  constructor(host: HTMLElement, form: ChartForm) {
    this.#host = host;
    this.#form = form;
    this.#resize = new ResizeObserver(() => this.#plot?.setSize(this.#size()));
    this.#resize.observe(host);
    this.#theme = new MutationObserver(this.#rebuild);
    this.#theme.observe(document.documentElement, { attributeFilter: ['data-theme', 'class'] });
    this.#scheme.addEventListener('change', this.#rebuild);
  }

  show(steps: readonly ChartRow[]): void {
    this.#steps = steps;
    const now = presentCurves(steps, this.#form.curves);
    const same = now.length === this.#curves.length && now.every((curve) => this.#curves.includes(curve));
    if (this.#plot && same) this.#plot.setData(chartColumns(steps, now));
    else this.#rebuild();
  }

  destroy(): void {
    this.#resize.disconnect();
    this.#theme.disconnect();
    this.#scheme.removeEventListener('change', this.#rebuild);
    this.#plot?.destroy();
    this.#plot = null;
  }

  /** The text of an SVG file; null while there is nothing to draw. */
  svg(title: string): string | null {
    const colour = (name: string): string => cssColour(this.#host, name);
    const frame = { title, ground: colour('--surface'), ink: colour('--ink'), line: colour('--line') };
    return this.#plot && plotSvg(this.#plot, frame, { curves: this.#curves, ticks: this.#form.ticks });
  }

  readonly #rebuild = (): void => {
    this.#plot?.destroy();
    this.#curves = presentCurves(this.#steps, this.#form.curves);
    this.#plot = new uPlot(this.#options(), chartColumns(this.#steps, this.#curves), this.#host);
  };

  #size(): { width: number; height: number } {
    return { width: this.#host.clientWidth, height: this.#form.height * remSize() };
  }

  #series({ label, colour, width = 1.75, dashed, dash = [], sparse = false, whiskers }: Curve): uPlot.Series {
    return {
      label,
      stroke: cssColour(this.#host, colour),
      width,
      value: this.#form.ticks ? placeValue : legendValue,
      spanGaps: sparse,
      // Single measurements are dots of their own.
      points: { show: sparse && whiskers === undefined, size: 6 },
      ...((dashed === true || dash.length > 0) && { dash: dashed === true ? [6, 4] : [...dash] }),
    };
  }

  #options(): uPlot.Options {
    const rem = remSize();
    const { step, share, ticks, legend = true } = this.#form;
    const range = share === true ? ([0, 1] as [number, number]) : whiskerRange(this.#curves);
    const grid = { stroke: cssColour(this.#host, '--line'), width: 1 };
    const axis = {
      stroke: cssColour(this.#host, '--ink-3'),
      grid,
      ticks: grid,
      font: `${0.75 * rem}px ${getComputedStyle(this.#host).fontFamily}`,
    };
    return {
      ...this.#size(),
      series: [
        { label: step, value: ticks ? namedPlace(ticks) : legendValue },
        ...this.#curves.map((curve) => this.#series(curve)),
      ],
      scales: { x: { time: false, ...(ticks && { range: sidesFree }) }, ...(range && { y: { range } }) },
      legend: { show: legend },
      cursor: { drag: { x: false, y: false } },
      hooks: {
        draw: [(plot) => drawWhiskers(plot, this.#curves, (name) => cssColour(this.#host, name))],
      },
      axes: [
        {
          ...axis,
          ...(ticks
            ? { splits: ticks.map(({ at }) => at), values: ticks.map(({ label }) => label) }
            : { incrs: stepIncrements, space: 4 * rem }),
        },
        { ...axis, size: 3.75 * rem, space: 1.5 * rem, values: tickValues },
      ],
    };
  }
}
