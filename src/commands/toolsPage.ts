/** What the `lm`, `selftest` and `bench` commands drive in a headless page. Loaded only when the address has ?tools. */
import type { SelftestReport } from '../compute/selftestReport';
import { benchLine } from './benchLine';
import { asArkletError, DownloadError, type ErrorData } from '../core/errors';
import { connectWorker } from '../rpc/workerPort';
import type { DeviceBench, DeviceFigure } from '../wire/deviceBench';
import type { SelftestRequest, ToolProtocol } from './toolProtocol';
import type { ToolRequest } from './tools';

type Outcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ErrorData };

export interface PageToolRequest extends Omit<ToolRequest, 'checkpoint'> {
  readonly backend: 'webgpu' | 'cpu';
  /** Address of an earlier checkpoint, null without one. */
  readonly checkpointUrl: string | null;
  /** Address under which files are PUT; '' names the address itself. */
  readonly out: string;
}

export interface PageTools {
  tool(request: PageToolRequest): Promise<Outcome<unknown>>;
  selftest(request: SelftestRequest): Promise<Outcome<SelftestReport>>;
  bench(backend: 'webgpu' | 'cpu'): Promise<Outcome<DeviceBench>>;
  stop(): void;
}

declare global {
  interface Window {
    arkletTools?: PageTools;
    /** Set by the command: hears a line of progress. */
    arkletLine?: (line: string) => void;
  }
}

async function put(url: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const response = await fetch(url, { method: 'PUT', body: bytes });
  if (!response.ok)
    throw new DownloadError(`${url} could not be written (${response.status}).`, 'Check the output folder.');
}

async function outcome<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (thrown) {
    return { ok: false, error: asArkletError(thrown).toData() };
  }
}

function startTools(): void {
  const worker = new Worker(new URL('../../workers/tools.worker.ts', import.meta.url), { type: 'module' });
  const client = connectWorker<ToolProtocol>(worker, 'tools');
  const stopper = new AbortController();
  const { signal } = stopper;

  window.arkletTools = {
    tool: ({ checkpointUrl, out, ...request }) =>
      outcome(async () => {
        const found = checkpointUrl === null ? null : await fetch(checkpointUrl);
        const checkpoint = found?.ok ? new Uint8Array(await found.arrayBuffer()) : null;
        const writes: Promise<void>[] = [];
        const { document, files } = await client
          .call(
            'tool',
            { ...request, checkpoint },
            {
              signal,
              onProgress: (progress) => {
                if (progress.type === 'line') window.arkletLine?.(progress.line);
                else writes.push(put(out + progress.path, progress.bytes));
              },
            },
          )
          .finally(() => Promise.allSettled(writes));
        await Promise.all(writes);
        for (const [path, bytes] of files) await put(out + path, bytes);
        return document;
      }),
    selftest: (request) =>
      outcome(() => client.call('selftest', request, { onProgress: (line) => window.arkletLine?.(line) })),
    bench: (backend) =>
      outcome(() =>
        client.call(
          'bench',
          { backend },
          { signal, onProgress: (figure: DeviceFigure) => window.arkletLine?.(benchLine(figure)) },
        ),
      ),
    stop: () => stopper.abort(),
  };
}

startTools();
