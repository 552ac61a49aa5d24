/** What the engine tells of prompts that it had computed before. */
import { expect, it } from 'vitest';
import { NodeSource } from '../../../scripts/nodeSource';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { EngineService } from '../../../src/engine/engineService';
import type { ModelRef } from '../../../src/models/modelSpec';
import type { Message } from '../../../src/records/records';
import { Transferring } from '../../../src/rpc/rpc';

const ref: ModelRef = {
  id: 'agent',
  place: { type: 'folder', url: 'public/models/agent-a/' },
  promptStyle: 'compact',
};
const context = { signal: new AbortController().signal, progress: () => undefined };
const sampling = { temperature: 0, topP: 1, seed: 0, maxTokens: 32 };
const plain = <T extends object>(value: T | Transferring<T>): T =>
  value instanceof Transferring ? value.value : value;

async function opened(kvCache: 'f32' | 'f16' = 'f32') {
  const source = await NodeSource.open('public/models/agent-a');
  const service = new EngineService({
    webgpu: () => expect.unreachable('the CPU is asked for'),
    wasm: () => createWasmBackend(),
    threads: 1,
    openSource: () => source,
  });
  const open = (cache: 'f32' | 'f16') =>
    service.open({ backend: 'cpu', kvCache: cache, models: [ref], proofs: {} });
  await open(kvCache);
  await service.load(ref, context);
  const calls = service.handlers();
  const say = async (messages: readonly Message[]): Promise<string> => {
    const request = { model: ref.id, adapter: null, stream: false, messages, sampling };
    return plain(await calls.generate(request, context)).text;
  };
  const prompts = async () => plain(await calls.memory(null, context)).prompts;
  return { open, say, prompts };
}

const question: Message = {
  role: 'user',
  content:
    'Mia has 12 apples. She buys 7 more apples and gives 4 of them to her brother Tom. How many apples does Mia have now?',
};

it('an exchange that begins with an earlier one computes only what is new, and says the same', async () => {
  const { say, prompts } = await opened();
  const first = await say([question]);
  const before = await prompts();
  expect(before.computed).toBeGreaterThan(16);
  const next: Message[] = [
    question,
    { role: 'assistant', content: first },
    { role: 'user', content: 'Another agent says 16.' },
  ];
  const second = await say(next);
  const after = await prompts();
  expect(after.reused - before.reused).toBeGreaterThanOrEqual(16);
  expect(await (await opened()).say(next)).toBe(second);
});

it('a model that is opened with another form of cache is loaded again; the CPU keeps keys and values as they are', async () => {
  const { open, say, prompts } = await opened('f16');
  const { say: whole } = await opened('f32');
  expect(await say([question])).toBe(await whole([question]));
  await open('f32');
  expect(await prompts()).toEqual({ computed: 0, reused: 0 });
});
