/** A training log's curves on uPlot, in the page's own colours; redrawn when the theme changes. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { TrainLog } from '../../records/trainLog';
import { cssColour, legendValue, tickValues } from './chartParts';
import { chartColumns, presentCurves, type ChartForm, type Curve } from './logChart';
import { plotSvg } from './plotSvg';

/** Distances between ticks of the step axis: whole steps only. */
const stepIncrements = [1, 10, 100, 1000, 10_000].flatMap((power) => [power, 2 * power, 5 * power]);

const remSize = (): number => parseFloat(getComputedStyle(document.documentElement).fontSize);

export class LineChart {
  readonly #host: HTMLElement;
  readonly #form: ChartForm;
  readonly #resize: ResizeObserver;
  readonly #theme: MutationObserver;
  readonly #scheme = matchMedia('(prefers-color-scheme: dark)');
  #plot: uPlot | null = null;
  #curves: readonly Curve[] = [];
  #steps: readonly TrainLog[] = [];

  constructor(host: HTMLElement, form: ChartForm) {
    this.#host = host;
    this.#form = form;
    this.#resize = new ResizeObserver(() => this.#plot?.setSize(this.#size()));
    this.#resize.observe(host);
    this.#theme = new MutationObserver(this.#rebuild);
    this.#theme.observe(document.documentElement, { attributeFilter: ['data-theme', 'class'] });
    this.#scheme.addEventListener('change', this.#rebuild);
  }

  show(steps: readonly TrainLog[]): void {
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
    return this.#plot && plotSvg(this.#plot, frame);
  }

  readonly #rebuild = (): void => {
    this.#plot?.destroy();
    this.#curves = presentCurves(this.#steps, this.#form.curves);
    this.#plot = new uPlot(this.#options(), chartColumns(this.#steps, this.#curves), this.#host);
  };

  #size(): { width: number; height: number } {
    return { width: this.#host.clientWidth, height: this.#form.height * remSize() };
  }

  #series({ label, colour, width = 1.75, dashed, sparse = false }: Curve): uPlot.Series {
    return {
      label,
      stroke: cssColour(this.#host, colour),
      width,
      value: legendValue,
      spanGaps: sparse,
      points: { show: sparse, size: 6 },
      ...(dashed === true && { dash: [6, 4] }),
    };
  }

  #options(): uPlot.Options {
    const rem = remSize();
    const { step, share, legend = true } = this.#form;
    const grid = { stroke: cssColour(this.#host, '--line'), width: 1 };
    const axis = {
      stroke: cssColour(this.#host, '--ink-3'),
      grid,
      ticks: grid,
      font: `${0.75 * rem}px ${getComputedStyle(this.#host).fontFamily}`,
    };
    return {
      ...this.#size(),
      series: [{ label: step, value: legendValue }, ...this.#curves.map((curve) => this.#series(curve))],
      scales: { x: { time: false }, ...(share === true && { y: { range: [0, 1] as [number, number] } }) },
      legend: { show: legend },
      cursor: { drag: { x: false, y: false } },
      axes: [
        { ...axis, incrs: stepIncrements, space: 4 * rem },
        { ...axis, size: 3.75 * rem, space: 1.5 * rem, values: tickValues },
      ],
    };
  }
}
