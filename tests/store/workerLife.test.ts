import { afterEach, describe, expect, it } from 'vitest';
import { WorkerError } from '../../src/core/errors';
import { linkWorker, type WorkerLink } from '../../src/rpc/workerPort';

export interface DyingProtocol {
  readonly echo: { readonly request: string; readonly progress: never; readonly response: string };
  readonly die: { readonly request: null; readonly progress: never; readonly response: null };
}

let open: WorkerLink<DyingProtocol> | null = null;
afterEach(() => open?.terminate(new WorkerError('over', 'none')));

function start(): WorkerLink<DyingProtocol> {
  const url = new URL('./dying.worker.ts', import.meta.url);
  open = linkWorker<DyingProtocol>(new Worker(url, { type: 'module' }), 'dying');
  return open;
}

describe('a worker that dies without a word', () => {
  it('rejects its calls within two seconds, and every later one', async () => {
    const { client, gone } = start();
    expect(await client.call('echo', 'here')).toBe('here');
    const before = performance.now();
    await expect(client.call('die', null)).rejects.toBeInstanceOf(WorkerError);
    expect(performance.now() - before).toBeLessThan(2000);
    expect(client.closed).toBe(true);
    expect((await gone).message).toContain('the browser ended it');
    await expect(client.call('echo', 'there')).rejects.toBeInstanceOf(WorkerError);
  });

  it('is distinguished from one that is ended on purpose', async () => {
    const { client, gone, terminate } = start();
    await client.call('echo', 'here');
    terminate(new WorkerError('enough', 'none'));
    await expect(client.call('echo', 'there')).rejects.toThrow('enough');
    const still = new Promise((resolve) => setTimeout(resolve, 300, 'silent'));
    expect(await Promise.race([gone, still])).toBe('silent');
  });
});
