import { afterEach, describe, expect, it } from 'vitest';
import { WorkerError } from '../../src/core/errors';
import { linkWorker, type WorkerLink } from '../../src/rpc/workerPort';

export interface DyingProtocol {
  readonly echo: { readonly request: string; readonly progress: never; readonly response: string };
  readonly die: { readonly request: null; readonly progress: never; readonly response: null };
  readonly hang: { readonly request: null; readonly progress: never; readonly response: string };
  readonly work: { readonly request: number; readonly progress: never; readonly response: string };
  readonly wait: { readonly request: number; readonly progress: never; readonly response: string };
}

let open: WorkerLink<DyingProtocol> | null = null;
afterEach(() => open?.terminate(new WorkerError('over', 'none')));

function start(hung?: number): WorkerLink<DyingProtocol> {
  const url = new URL('./dying.worker.ts', import.meta.url);
  open = linkWorker<DyingProtocol>(new Worker(url, { type: 'module' }), 'dying', hung);
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

describe('a worker that does not answer', () => {
  const hung = 3000;

  it('is ended when it hangs, and its calls reject', async () => {
    const { client, gone } = start(hung);
    expect(await client.call('echo', 'here')).toBe('here');
    const waiting = client.call('wait', 60_000);
    await expect(client.call('hang', null)).rejects.toThrow('it has not answered for 3 s');
    await expect(waiting).rejects.toBeInstanceOf(WorkerError);
    expect((await gone).code).toBe('worker');
  });

  it('lives on while it waits, and while it works and gives signs of it', async () => {
    const { client } = start(hung);
    const answers = await Promise.all([client.call('wait', 1.5 * hung), client.call('work', 1.5 * hung)]);
    expect(answers).toEqual(['waited', 'worked']);
    expect(client.closed).toBe(false);
  });

  it('is left alone where nothing was asked', async () => {
    const { client } = start(600);
    await client.call('echo', 'here');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await client.call('echo', 'still')).toBe('still');
  });
});
