/** Long work on a device of its own (kernel validation, the bench): the rows as they come, and what it gives at its end. */
import { asArkletError, InterruptedError, type ErrorData } from '../../core/errors';
import type { SelftestReport } from '../../compute/selftestReport';
import { pageError } from '../pageError';

export class DeviceWork<Row, Report> {
  rows = $state.raw<readonly Row[]>([]);
  report = $state.raw<Report | null>(null);
  error = $state.raw<ErrorData | null>(null);
  running = $state(false);
  #controller = new AbortController();

  /** Never rejects: what goes wrong is shown in the panel. */
  async run(
    work: (options: { signal: AbortSignal; onProgress: (row: Row) => void }) => Promise<Report>,
  ): Promise<void> {
    if (this.running) return;
    this.running = true;
    this.rows = [];
    this.report = null;
    this.error = null;
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    try {
      this.report = await work({ signal, onProgress: (row) => (this.rows = [...this.rows, row]) });
    } catch (thrown) {
      const error = asArkletError(thrown);
      if (!(error instanceof InterruptedError))
        this.error = { ...error.toData(), ...pageError(error.toData()) };
    } finally {
      this.running = false;
    }
  }

  stop(): void {
    this.#controller.abort();
  }
}

/** The report as Markdown, for a bug report: the device, the browser, and every row. */
export function selftestText(
  { device, kernels }: SelftestReport,
  userAgent: string,
  version: string,
): string {
  const failed = kernels.filter(({ pass }) => !pass).length;
  return [
    `Arklet ${version} self-test: ${kernels.length - failed} pass, ${failed} fail`,
    `Device: ${device}`,
    `Browser: ${userAgent}`,
    '',
    '| kernel | variant | shape | error / bound | ms | result |',
    '| --- | --- | --- | --- | --- | --- |',
    ...kernels.map(
      ({ name, variant, shape, maxError, ms, pass }) =>
        `| ${name} | ${variant} | ${shape.join(' x ')} | ${maxError.toPrecision(3)} | ${ms.toFixed(1)} | ${pass ? 'pass' : 'FAIL'} |`,
    ),
    '',
  ].join('\n');
}
