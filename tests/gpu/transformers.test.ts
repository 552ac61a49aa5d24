/** The real @huggingface/transformers and onnxruntime-web in a real worker, on a bundled model written as ONNX. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentBackend, AgentRequest } from '../../src/agents/agent';
import { transformersAgent } from '../../src/agents/transformers/agent';
import type { TransformersRef } from '../../src/agents/transformers/protocol';
import { createWasmBackend } from '../../src/compute/wasmBackend';
import { DownloadError, TokenError } from '../../src/core/errors';
import type { Sampling } from '../../src/records/records';
import { UrlSource } from '../../src/lm/sources';
import { loadEngineModel, type EngineModel } from '../../src/engine/engineModel';
import { transformersLink } from '../../src/job/links/transformersLink';
import { onnxLlama } from '../support/onnxLlama';

const base = new URL('/models/agent-a/', location.href).href;
let workers = 0;
const link = transformersLink(() => {
  workers++;
  return new Worker(new URL('../../workers/transformers.worker.ts', import.meta.url), { type: 'module' });
});
const greedy: Sampling = { temperature: 0, topP: 1, seed: 1, maxTokens: 40 };
const request = (sampling: Partial<Sampling> = {}, content = question): AgentRequest => ({
  messages: [{ role: 'user', content }],
  sampling: { ...greedy, ...sampling },
});
const question = 'Tom has 12 apples. He buys 9 more. How many apples does Tom have now?';

let ref: TransformersRef;
let agent: AgentBackend;
let engine: EngineModel;

beforeAll(async () => {
  const read = async (name: string): Promise<ArrayBuffer> => (await fetch(`${base}${name}`)).arrayBuffer();
  const config = JSON.parse(new TextDecoder().decode(await read('config.json'))) as Parameters<
    typeof onnxLlama
  >[0];
  const names = ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json'];
  const files = await Promise.all(
    names.map(async (name) => ({ path: `agent-a/${name}`, blob: new Blob([await read(name)]) })),
  );
  const onnx = new Blob([onnxLlama(config, await read('model.safetensors'))]);
  files.push({ path: 'agent-a/onnx/model.onnx', blob: onnx });
  ref = { name: 'picked:agent-a', place: { type: 'files', files }, dtype: null, device: 'wasm' };
  agent = transformersAgent(link, ref);
  const phases = new Set<string>();
  await agent.load({ onProgress: ({ phase }) => phases.add(phase) });
  expect([...phases]).toEqual(['download', 'compile', 'ready']);
  engine = await loadEngineModel(new UrlSource(base), await createWasmBackend(), {
    id: 'agent-a',
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
}, 180_000);
afterAll(async () => {
  await agent.unload();
  await engine.dispose();
});

const fromEngine = (asked: AgentRequest) => engine.generate({ ...asked, adapter: null }, {});

describe('a transformers agent', () => {
  it('says greedily what our engine says of the same weights, with the same log-probabilities', async () => {
    const [theirs, ours] = [await agent.generate(request(), {}), await fromEngine(request())];
    const { logprobs, ...rest } = theirs;
    const { logprobs: expected, ...others } = ours;
    expect(rest).toEqual(others);
    expect(rest.replyIds!.length).toBeGreaterThan(5);
    // f32 in two orders of summing over 3 layers: 1e-3 as of the model rung of the proof ladder.
    logprobs!.forEach((value, i) => expect(Math.abs(value - expected![i]!)).toBeLessThan(1e-3));
  });

  it('draws the same reply of a seed each time, which is our engine’s too, and another of another seed', async () => {
    const sampled = (seed: number) => request({ temperature: 1.5, topP: 0.95, seed });
    const replies = [];
    for (const seed of [7, 8, 7]) replies.push((await agent.generate(sampled(seed), {})).text);
    expect(replies[2]).toBe(replies[0]);
    expect(replies[1]).not.toBe(replies[0]);
    expect(replies[0]).toBe((await fromEngine(sampled(7))).text);
  });

  it('streams its text, counts tokens and stops at a stop string', async () => {
    const heard: string[] = [];
    const { text, usage } = await agent.generate(request(), { onText: (piece) => heard.push(piece) });
    expect(heard.join('')).toBe(text);
    expect(heard.length).toBeGreaterThan(3);
    expect(usage.completion).toBeGreaterThan(5);
    expect(await agent.context?.count([question])).toEqual(engine.count([question]));
    const cut = await agent.generate(request({ stop: ['='] }), {});
    expect(cut).toMatchObject({ text: text.slice(0, text.indexOf('=')), finishReason: 'stop' });
    expect((await agent.generate(request({ maxTokens: 3 }), {})).finishReason).toBe('length');
  });

  it('ends an aborted reply where it is and answers the next', async () => {
    const stop = new AbortController();
    const whole = await agent.generate(request(), {});
    const first = agent.generate(request(), { signal: stop.signal, onText: () => stop.abort() });
    const second = agent.generate(request(), {});
    const aborted = await first;
    expect(aborted.finishReason).toBe('aborted');
    expect(whole.text.startsWith(aborted.text)).toBe(true);
    expect(aborted.text.length).toBeLessThan(whole.text.length);
    expect((await second).text).toBe(whole.text);
  });

  it('refuses a prompt beyond the context, and names a folder that is not there', async () => {
    const long = request({}, Array.from({ length: 600 }, () => '1').join(' '));
    await expect(agent.generate(long, {})).rejects.toBeInstanceOf(TokenError);
    const nowhere = new URL('/models/nobody/', location.href).href;
    const missing = transformersAgent(link, { ...ref, name: 'x', place: { type: 'folder', url: nowhere } });
    const error: unknown = await missing.load({}).catch((thrown: unknown) => thrown);
    expect((error as Error).message).toMatch(/could not be read/);
    expect(error).toBeInstanceOf(DownloadError);
  });

  it('gives its worker back when it is unloaded, and can be loaded again', async () => {
    const before = workers;
    await agent.unload();
    await agent.load({});
    expect(workers).toBe(before + 1);
    expect((await agent.generate(request({ maxTokens: 4 }), {})).replyIds).toHaveLength(4);
  });
});
