/** The browser's own model on a scripted Prompt API: no browser of these tests has the real one. */
import { afterEach, describe, expect, it } from 'vitest';
import { chromeHost } from '../../../../src/agents/chrome/host';
import type { ChromeProtocol } from '../../../../src/agents/chrome/protocol';
import type { Completion } from '../../../../src/agents/agent';
import { promptApi } from '../../../../src/core/promptApi';
import { chromeMaker } from '../../../../src/job/links/chromeLink';
import type { Message } from '../../../../src/records/records';
import { serve } from '../../../../src/rpc/rpc';
import { offerModel } from '../../../../src/wire/pageModel';
import { ScriptedModel, type Script } from './scriptedModel';

const ports: MessagePort[] = [];
afterEach(() => ports.splice(0).forEach((port) => port.close()));

/** The agent in a coordinator, and the page that holds the model, over a real port. */
function agentOf(script: Script | null) {
  const model = script && new ScriptedModel(script);
  const scope = new EventTarget();
  const agent = chromeMaker(scope as unknown as Worker)(
    { runtime: 'chrome', place: 'browser' },
    { base: 'http://app/', device: 'auto', hub: async () => ({ endpoint: '', token: null }) },
  );
  if (model) {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1, port2);
    serve<ChromeProtocol>(port1, chromeHost(model));
    offerModel(
      { postMessage: (data: unknown) => scope.dispatchEvent(new MessageEvent('message', { data })) },
      port2,
    );
  }
  return { agent, model };
}

const messages: readonly Message[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'one and one?' },
  { role: 'assistant', content: 'two' },
  { role: 'user', content: 'and one more?' },
];
const sampling = { temperature: 0.7, topP: 1, seed: 1, maxTokens: 64 };

async function said(script: Script, changes = {}): Promise<Completion & { heard: string; open: number }> {
  const { agent, model } = agentOf(script);
  let heard = '';
  const onText = (text: string): void => void (heard += text);
  const completion = await agent.generate({ messages, sampling: { ...sampling, ...changes } }, { onText });
  return { ...completion, heard, open: model!.open };
}

describe('the browser’s model', () => {
  it('answers in a session of its own for each turn, with the turns before as its beginning', async () => {
    const { agent, model } = agentOf({ reply: () => ['It is ', 'three. #### 3'] });
    await agent.load({});
    const [first, second] = [
      await agent.generate({ messages, sampling }, {}),
      await agent.generate({ messages: messages.slice(1, 2), sampling }, {}),
    ];
    expect(first).toMatchObject({ text: 'It is three. #### 3', finishReason: 'stop', logprobKind: null });
    expect(second.text).toBe(first.text);
    expect(model!.asked).toEqual(['and one more?', 'one and one?']);
    expect(model!.created.slice(1).map(({ initialPrompts }) => initialPrompts)).toEqual([
      messages.slice(0, 3),
      undefined,
    ]);
    expect(model!.open).toBe(0);
    expect([agent.model, agent.kind, agent.concurrency]).toEqual(['chrome:built-in', 'chrome', 1]);
  });

  it('counts tokens as the browser does, under its new and its old names, and estimates where it does not', async () => {
    const reply = (): string[] => ['It is ', 'three.'];
    // Words of the scripted model: 2 + 3 + 1 before, 3 asked, 3 said.
    for (const counts of ['context', 'input'] as const)
      expect((await said({ reply, counts })).usage).toEqual({ prompt: 9, completion: 3 });
    const { usage, heard } = await said({ reply, counts: 'none' });
    expect(usage).toEqual({ prompt: Math.ceil('and one more?'.length / 4), completion: Math.ceil(12 / 4) });
    expect(heard).toBe('It is three.');
  });

  it('has the context that the browser names, none where it names none, and counts for it', async () => {
    const { agent } = agentOf({ reply: () => [], window: 6144 });
    await agent.load({});
    expect(agent.context?.tokens).toBe(6144);
    expect(await agent.context?.count(['one two', 'three', ''])).toEqual([2, 1, 0]);
    const endless = agentOf({ reply: () => [], window: Infinity }).agent;
    await endless.load({});
    expect(endless.context).toBeNull();
  });

  it('is downloaded by the browser, which says how far it is', async () => {
    const { agent } = agentOf({ reply: () => [], availability: 'downloadable' });
    const shares: string[] = [];
    await agent.load({
      onProgress: ({ phase, loaded, total }) => shares.push(`${phase} ${loaded}/${total}`),
    });
    expect(shares).toEqual(['download 0/1', 'download 0.5/1', 'download 1/1', 'ready 1/1']);
  });

  it('is ended at the tokens that an answer may take', async () => {
    const reply = (): string[] => Array.from({ length: 500 }, (_, at) => `word${at} `);
    const { finishReason, usage, open } = await said({ reply }, { maxTokens: 50 });
    expect(finishReason).toBe('length');
    expect(usage.completion).toBeGreaterThanOrEqual(50);
    expect(usage.completion).toBeLessThan(50 + 60);
    expect(open).toBe(0);
  });

  it('takes a temperature with its own top-k where the browser takes any', async () => {
    const params = { defaultTopK: 3, maxTopK: 128, maxTemperature: 2 };
    const options = async (script: Partial<Script>, temperature: number) => {
      const { agent, model } = agentOf({ reply: () => ['x'], ...script });
      await agent.generate({ messages, sampling: { ...sampling, temperature } }, {});
      const { temperature: given, topK } = model!.created[0]!;
      return [given, topK];
    };
    expect(await options({}, 0.7)).toEqual([undefined, undefined]);
    expect(await options({ params }, 0.7)).toEqual([0.7, 3]);
    expect(await options({ params }, 3)).toEqual([2, 3]);
    expect(await options({ params }, 0)).toEqual([0, 1]);
  });

  it('resolves an aborted turn with what was said', async () => {
    const stop = new AbortController();
    const { agent, model } = agentOf({ reply: () => ['one ', 'two ', 'three '] });
    const completion = await agent.generate(
      { messages, sampling },
      { signal: stop.signal, onText: () => stop.abort() },
    );
    expect(completion.finishReason).toBe('aborted');
    expect(completion.text.startsWith('one ')).toBe(true);
    expect(model!.open).toBe(0);
  });
});

describe('what goes wrong with it', () => {
  const failing = (error: Error): Script => ({ reply: () => ['x'], failing: () => error });
  const named = (name: string, more = {}): Error => Object.assign(new DOMException('no', name), more);

  it('is a prompt that is too long, with its numbers', async () => {
    const quota = Object.assign(new Error('long'), {
      name: 'QuotaExceededError',
      requested: 7000,
      quota: 6144,
    });
    const { agent } = agentOf(failing(quota));
    await expect(agent.generate({ messages, sampling }, {})).rejects.toMatchObject({
      code: 'token',
      details: { tokens: 7000, context: 6144 },
    });
  });

  it('is a download without a click, which trying again does not mend; others are tried again', async () => {
    const refused = agentOf(failing(named('NotAllowedError'))).agent;
    await expect(refused.load({})).rejects.toMatchObject({ code: 'agent', details: { permanent: true } });
    const broken = agentOf(failing(named('UnknownError'))).agent;
    const error = await broken.generate({ messages, sampling }, {}).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'agent', details: undefined });
  });

  it('is a browser without one', async () => {
    const none = { code: 'agent', details: { permanent: true } };
    await expect(agentOf(null).agent.load({})).rejects.toMatchObject(none);
    const { agent } = agentOf({ reply: () => [], availability: 'unavailable' });
    await expect(agent.load({})).rejects.toMatchObject(none);
    expect(promptApi({})).toBeNull();
    expect(promptApi({ LanguageModel: undefined })).toBeNull();
  });
});
