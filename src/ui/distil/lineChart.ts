/** Loss and learning-rate curves on uPlot, in the page's own colours; redrawn when the theme changes. */
import { cssColour, legendValue, tickValues } from './chartParts';
import { plotSvg } from './plotSvg';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { TrainLog } from '../../records/trainLog';
import { strings } from '../strings';

type Kind = 'loss' | 'rate';
const smoothing = 0.9;

/** Distances between ticks of the step axis: whole steps only. */
const stepIncrements = [1, 10, 100, 1000, 10_000].flatMap((power) => [power, 2 * power, 5 * power]);

/** Exponential mean with the start-up bias taken out. */
export function smooth(values: readonly number[]): number[] {
  let mean = 0;
  let weight = 0;
  return values.map((value) => {
    mean = smoothing * mean + (1 - smoothing) * value;
    weight = smoothing * weight + (1 - smoothing);
    return mean / weight;
  });
}

/** uPlot's columns: step first. */
export function columns(steps: readonly TrainLog[], kind: Kind): uPlot.AlignedData {
  const x = steps.map((log) => log.step);
  if (kind === 'rate') return [x, steps.map((log) => log.learning_rate)];
  const loss = steps.map((log) => log.loss);
  return [x, loss, smooth(loss), steps.map((log) => log.eval_loss ?? null)];
}

export class LineChart {
  readonly #host: HTMLElement;
  readonly #kind: Kind;
  readonly #resize: ResizeObserver;
  readonly #theme: MutationObserver;
  readonly #scheme = matchMedia('(prefers-color-scheme: dark)');
  #plot: uPlot | null = null;
  #steps: readonly TrainLog[] = [];

  constructor(host: HTMLElement, kind: Kind) {
    this.#host = host;
    this.#kind = kind;
    this.#resize = new ResizeObserver(() => this.#plot?.setSize(this.#size()));
    this.#resize.observe(host);
    this.#theme = new MutationObserver(this.#rebuild);
    this.#theme.observe(document.documentElement, { attributeFilter: ['data-theme', 'class'] });
    this.#scheme.addEventListener('change', this.#rebuild);
  }

  show(steps: readonly TrainLog[]): void {
    this.#steps = steps;
    if (this.#plot) this.#plot.setData(columns(steps, this.#kind));
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
    this.#plot = new uPlot(this.#options(), columns(this.#steps, this.#kind), this.#host);
  };

  #size(): { width: number; height: number } {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    return { width: this.#host.clientWidth, height: (this.#kind === 'loss' ? 15 : 7) * rem };
  }

  #options(): uPlot.Options {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const ink = cssColour(this.#host, '--ink-3');
    const grid = { stroke: cssColour(this.#host, '--line'), width: 1 };
    const font = `${0.75 * rem}px ${getComputedStyle(this.#host).fontFamily}`;
    const value = legendValue;
    const points = { show: false };
    const series: uPlot.Series[] = [{ label: strings.distil.step, value }];
    if (this.#kind === 'rate') {
      series.push({
        label: strings.distil.learningRate,
        stroke: cssColour(this.#host, '--accent'),
        width: 1.5,
        value,
        points,
      });
    } else {
      series.push(
        {
          label: strings.distil.train,
          stroke: cssColour(this.#host, '--line-strong'),
          width: 1,
          value,
          points,
        },
        {
          label: strings.distil.smooth,
          stroke: cssColour(this.#host, '--accent'),
          width: 2.5,
          value,
          points,
        },
        {
          label: strings.distil.heldOut,
          stroke: cssColour(this.#host, '--arm-ensemble'),
          width: 2,
          dash: [6, 4],
          spanGaps: true,
          points: { show: true, size: 6 },
          value,
        },
      );
    }
    return {
      ...this.#size(),
      series,
      scales: { x: { time: false } },
      legend: { show: this.#kind === 'loss' },
      cursor: { drag: { x: false, y: false } },
      axes: [
        { stroke: ink, grid, ticks: grid, font, incrs: stepIncrements },
        {
          stroke: ink,
          grid,
          ticks: grid,
          font,
          size: 3.75 * rem,
          values: tickValues,
        },
      ],
    };
  }
}
