/** One of several small charts by update, on uPlot, in the page's own colours. */
import { cssColour, legendValue, tickValues } from '../chartParts';
import { plotSvg } from '../plotSvg';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { TrainLog } from '../../../records/trainLog';
import { strings } from '../../strings';
import { padStrings } from '../../strings/pad';
import { columns, present, type Curve, type PadChartKind } from './padLog';

/** Charts of shares: from 0 to 1. */
const shares: ReadonlySet<PadChartKind> = new Set(['accuracy', 'judge']);

export class SmallChart {
  readonly #host: HTMLElement;
  readonly #kind: PadChartKind;
  readonly #resize: ResizeObserver;
  readonly #theme: MutationObserver;
  readonly #scheme = matchMedia('(prefers-color-scheme: dark)');
  #plot: uPlot | null = null;
  #curves: readonly Curve[] = [];
  #steps: readonly TrainLog[] = [];

  constructor(host: HTMLElement, kind: PadChartKind) {
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
    const now = present(steps, this.#kind);
    const same = now.map(({ metric }) => metric).join() === this.#curves.map(({ metric }) => metric).join();
    if (this.#plot && same) this.#plot.setData(columns(steps, this.#curves));
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
    this.#curves = present(this.#steps, this.#kind);
    this.#plot = new uPlot(this.#options(), columns(this.#steps, this.#curves), this.#host);
  };

  #size(): { width: number; height: number } {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    return { width: this.#host.clientWidth, height: 9 * rem };
  }

  #options(): uPlot.Options {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const ink = cssColour(this.#host, '--ink-3');
    const grid = { stroke: cssColour(this.#host, '--line'), width: 1 };
    const font = `${0.75 * rem}px ${getComputedStyle(this.#host).fontFamily}`;
    const value = legendValue;
    return {
      ...this.#size(),
      series: [
        { label: this.#kind === 'judge' ? strings.distil.step : padStrings.series.step, value },
        ...this.#curves.map(({ label, colour, dashed, sparse }) => ({
          label,
          stroke: cssColour(this.#host, colour),
          width: 1.75,
          value,
          spanGaps: sparse === true,
          points: { show: sparse === true, size: 6 },
          ...(dashed === true && { dash: [5, 4] }),
        })),
      ],
      scales: {
        x: { time: false },
        ...(shares.has(this.#kind) && { y: { range: [0, 1] as [number, number] } }),
      },
      cursor: { drag: { x: false, y: false } },
      axes: [
        { stroke: ink, grid, ticks: grid, font, space: 4 * rem },
        { stroke: ink, grid, ticks: grid, font, size: 3.25 * rem, space: 1.4 * rem, values: tickValues },
      ],
    };
  }
}
