import { afterEach, describe, expect, it } from 'vitest';
import { ArkletError, ConfigError, InterruptedError, throwIfAborted } from '../../../src/core/errors';
import { callsOf } from '../../../src/rpc/calls';
import { RpcClient, serve, Transferring, type Handlers } from '../../../src/rpc/rpc';

interface Sums {
  readonly add: { request: { a: number; b: number }; progress: never; response: number };
  readonly count: { request: { to: number }; progress: number; response: 'done' };
  readonly fail: { request: null; progress: never; response: null };
  readonly wait: { request: null; progress: 'ready'; response: null };
  readonly bytes: { request: { bytes: Uint8Array }; progress: never; response: { bytes: Uint8Array } };
}

const handlers: Handlers<Sums> = {
  add: async ({ a, b }) => a + b,
  count: async ({ to }, { progress }) => {
    for (let i = 1; i <= to; i++) progress(i);
    return 'done';
  },
  fail: async () => {
    throw new ConfigError('rank 0 is outside 1 to 256.', 'Choose a rank of at least 1.', {
      details: { value: 0 },
    });
  },
  wait: async (_, { signal, progress }) => {
    progress('ready');
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    throwIfAborted(signal);
    return null;
  },
  bytes: async ({ bytes }) => new Transferring({ bytes }, [bytes.buffer as ArrayBuffer]),
};

const names = { add: true, count: true, fail: true, wait: true, bytes: true } as const;

describe('calls over a message channel', () => {
  let channel: MessageChannel;
  const open = (): RpcClient<Sums> => {
    channel = new MessageChannel();
    serve<Sums>(channel.port2, handlers);
    return new RpcClient<Sums>(channel.port1);
  };
  afterEach(() => {
    channel.port1.close();
    channel.port2.close();
  });

  it('serves a protocol as functions, with progress and abort, once its handlers are made', async () => {
    channel = new MessageChannel();
    serve<Sums>(channel.port2, new Promise((resolve) => setTimeout(() => resolve(handlers), 5)));
    const sums = callsOf<Sums>(new RpcClient<Sums>(channel.port1), names);
    expect(await sums.add({ a: 1, b: 2 })).toBe(3);
    const heard: number[] = [];
    expect(await sums.count({ to: 3 }, { onProgress: (at) => heard.push(at) })).toBe('done');
    expect(heard).toEqual([1, 2, 3]);
    await expect(sums.fail()).rejects.toBeInstanceOf(ConfigError);
    const controller = new AbortController();
    const { signal } = controller;
    await expect(sums.wait(null, { signal, onProgress: () => controller.abort() })).rejects.toBeInstanceOf(
      InterruptedError,
    );
    // @ts-expect-error names of methods that are missing do not compile
    callsOf<Sums>(new RpcClient<Sums>(channel.port1), { add: true });
  });

  it('rejects every call where the handlers could not be made', async () => {
    channel = new MessageChannel();
    serve<Sums>(channel.port2, Promise.reject(new ConfigError('No store.', 'Reload.')));
    const sums = callsOf<Sums>(new RpcClient<Sums>(channel.port1), names);
    await expect(sums.add({ a: 1, b: 2 })).rejects.toMatchObject({ code: 'config', message: 'No store.' });
  });

  it('answers each call with its own response, whatever the order', async () => {
    const client = open();
    const sums = await Promise.all([1, 2, 3].map((a) => client.call('add', { a, b: 10 })));
    expect(sums).toEqual([11, 12, 13]);
    expect(client.pending).toBe(0);
  });

  it('says of data that are nested too deeply that they are', async () => {
    let deep: unknown = [];
    for (let i = 0; i < 100_000; i++) deep = [deep];
    const client = open();
    const failure = client.call('add', { a: deep as number, b: 1 });
    await expect(failure).rejects.toMatchObject({
      code: 'import',
      message: expect.stringContaining('nested too deeply') as string,
    });
    expect(client.pending).toBe(0);
  });

  it('delivers every progress event before the response', async () => {
    const seen: number[] = [];
    const answer = await open().call('count', { to: 4 }, { onProgress: (i) => seen.push(i) });
    expect(answer).toBe('done');
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it('rebuilds an error as the same class with message, hint and details', async () => {
    const error = await open()
      .call('fail', null)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).toData()).toEqual({
      code: 'config',
      message: 'rank 0 is outside 1 to 256.',
      hint: 'Choose a rank of at least 1.',
      details: { value: 0 },
    });
  });

  it('aborts the handler of the call whose signal fires, and no other', async () => {
    const client = open();
    const controller = new AbortController();
    const stopped = client.call('wait', null, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(stopped).rejects.toBeInstanceOf(InterruptedError);
    expect(await client.call('add', { a: 1, b: 1 })).toBe(2);
  });

  it('does not send a call whose signal has fired already', async () => {
    const call = open().call('add', { a: 1, b: 2 }, { signal: AbortSignal.abort() });
    await expect(call).rejects.toBeInstanceOf(InterruptedError);
  });

  it('names a method that the other side does not have', async () => {
    const client = open() as unknown as RpcClient<{
      missing: { request: null; progress: never; response: null };
    }>;
    const error = await client.call('missing', null).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ArkletError);
    expect((error as Error).message).toContain('missing');
  });

  it('moves buffers out and back when asked to', async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const call = open().call('bytes', { bytes }, { transfer: [bytes.buffer] });
    expect(bytes.byteLength).toBe(0);
    expect([...(await call).bytes]).toEqual([1, 2, 3]);
  });

  it('rejects calls in flight and later ones once closed', async () => {
    const client = open();
    const waiting = client.call('wait', null);
    client.close(new ArkletError('gone', 'Reload.'));
    await expect(waiting).rejects.toThrow('gone');
    await expect(client.call('add', { a: 1, b: 2 })).rejects.toThrow('gone');
  });
});
