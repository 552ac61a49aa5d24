/** What the engine asks of a device that comes after one that was lost. */
import { expect, it } from 'vitest';
import { NodeSource } from '../../../scripts/nodeSource';
import type { Backend } from '../../../src/compute/ops';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { DeviceLostError } from '../../../src/core/errors';
import { EngineService } from '../../../src/engine/engineService';
import { Transferring } from '../../../src/rpc/rpc';
import type { ModelRef } from '../../../src/models/modelSpec';

const ref: ModelRef = {
  id: 'student',
  place: { type: 'folder', url: 'public/models/student/' },
  promptStyle: 'chat',
};
const context = { signal: new AbortController().signal, progress: () => undefined };
const sampling = { temperature: 0, topP: 1, seed: 0, maxTokens: 12 };

it.each(['device', 'worker'] as const)(
  'a model that is loaded after a lost %s takes half as much at once, and its replies are the same',
  async (what) => {
    const deaths: ((error: Error) => void)[] = [];
    let backend: Backend | null = null;
    const source = await NodeSource.open('public/models/student');
    const serviceOf = (): EngineService =>
      new EngineService({
        webgpu: () => expect.unreachable('the CPU is asked for'),
        wasm: async () => {
          const lost = new Promise<Error>((resolve) => deaths.push(resolve));
          backend = { ...(await createWasmBackend()), lost };
          return backend;
        },
        threads: 1,
        openSource: () => source,
      });
    let service = serviceOf();
    const request = {
      ...{ model: 'student', adapter: null, stream: false, sampling },
      messages: [{ role: 'user' as const, content: 'What is 3 plus 4?' }],
    };
    const round = async (losses: number): Promise<{ bytes: number; text: string }> => {
      await service.open({ backend: 'cpu', kvCache: 'f32', models: [ref], losses, proofs: {} });
      await service.load(ref, context);
      const reply = await service.handlers().generate(request, context);
      const { text } = reply instanceof Transferring ? reply.value : reply;
      return { bytes: backend!.ledger.byOwner()['student: generation'] ?? 0, text };
    };
    const whole = await round(0);
    if (what === 'worker') service = serviceOf();
    else deaths.at(-1)!(new DeviceLostError('The device was reset.', 'Resume.'));
    await new Promise((resolve) => setTimeout(resolve, 0));
    const half = await round(1);
    expect(half.text).toBe(whole.text);
    expect(half.bytes / whole.bytes).toBeLessThan(0.6);
    expect(half.bytes / whole.bytes).toBeGreaterThan(0.4);
    await service.handlers().close(null, context);
  },
);

it('a model is warm when it is loaded: one token was generated', async () => {
  let linears = 0;
  const source = await NodeSource.open('public/models/student');
  const service = new EngineService({
    webgpu: () => expect.unreachable('the CPU is asked for'),
    wasm: async () => {
      const backend = await createWasmBackend();
      return { ...backend, linear: (op) => (linears++, backend.linear(op)) };
    },
    threads: 1,
    openSource: () => source,
  });
  await service.open({ backend: 'cpu', kvCache: 'f32', models: [ref], proofs: {} });
  const measured = linears;
  await service.load(ref, context);
  // Four linears a layer and the head.
  expect(linears - measured).toBeGreaterThan(4);
  await service.handlers().close(null, context);
});
