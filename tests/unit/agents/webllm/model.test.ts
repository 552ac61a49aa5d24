import { describe, expect, it } from 'vitest';
import type { AgentRequest } from '../../../../src/agents/agent';
import { webllmAgent, WebllmModel, type WebllmModelOptions } from '../../../../src/agents/webllm/model';
import { localHost, webllmRef } from '../../../../src/agents/webllm/spec';
import { parseSpecOf } from '../../../../src/specs/spec';
import { fitContext } from '../../../../src/debate/context';
import { ScriptedEngine, scriptedLink, type HostOptions, type Script } from './scriptedEngine';

const words = (request: { readonly seed?: number | null }): string[] =>
  Array.from({ length: 6 }, (_, i) => `${request.seed}.${i} `);

function asking(seed: number, maxTokens = 6): AgentRequest {
  return {
    messages: [{ role: 'user', content: 'How many?' }],
    sampling: { temperature: 0.7, topP: 0.95, seed, maxTokens },
  };
}

interface Stage {
  readonly model: WebllmModel;
  readonly engines: ScriptedEngine[];
  readonly links: ReturnType<typeof scriptedLink>[];
}

/** A model whose k-th worker runs the k-th script (the last one from then on). */
function staged(
  scripts: readonly Script[],
  options: Partial<WebllmModelOptions> & HostOptions & { readonly spec?: string } = {},
): Stage {
  const engines: ScriptedEngine[] = [];
  const links: ReturnType<typeof scriptedLink>[] = [];
  const model = new WebllmModel({
    ref: webllmRef(parseSpecOf('webllm', options.spec ?? 'webllm:Tiny-q4f32_1-MLC'), 'http://app/'),
    open: () => {
      const script = scripts[Math.min(engines.length, scripts.length - 1)]!;
      const engine = new ScriptedEngine(script);
      const link = scriptedLink(engine, options);
      engines.push(engine);
      links.push(link);
      return link;
    },
    ...options,
  });
  return { model, engines, links };
}

describe('agents of one WebLLM model', () => {
  it('share one worker, and their replies depend on their own seeds', async () => {
    const { model, engines } = staged([{ reply: words }]);
    const agents = [webllmAgent(model, 'm'), webllmAgent(model, 'm')];
    for (const agent of agents) await agent.load({});
    const replies = await Promise.all(agents.map((agent, i) => agent.generate(asking(i + 1), {})));
    expect(replies.map(({ text }) => text.split(' ')[0])).toEqual(['1.0', '2.0']);
    expect(engines).toHaveLength(1);
    expect(engines[0]?.requests.map(({ seed }) => seed)).toEqual([1, 2]);
  });

  it('start every reply from an empty conversation', async () => {
    const { model, engines } = staged([{ reply: words }]);
    const agent = webllmAgent(model, 'm');
    await agent.generate(asking(1), {});
    await agent.generate(asking(2), {});
    expect(engines[0]?.log).toEqual(['loaded', 'reset', 'start', 'end', 'reset', 'start', 'end']);
  });

  it('take turns: one that asks three times does not hold up another', async () => {
    const { model, engines } = staged([{ reply: words, token: 1 }]);
    const busy = webllmAgent(model, 'm');
    const other = webllmAgent(model, 'm');
    await Promise.all([
      busy.generate(asking(1), {}),
      busy.generate(asking(2), {}),
      busy.generate(asking(3), {}),
      other.generate(asking(9), {}),
    ]);
    expect(engines[0]?.requests.map(({ seed }) => seed)).toEqual([1, 2, 9, 3]);
  });

  it('give usage, the reason of the end and, when asked for, log-probabilities after temperature', async () => {
    const { model } = staged([{ reply: words }], { spec: 'webllm:Tiny-q4f32_1-MLC?logprobs=1' });
    const reply = await webllmAgent(model, 'm').generate(asking(1, 3), {});
    expect(reply).toEqual({
      text: '1.0 1.1 1.2 ',
      finishReason: 'length',
      // The script counts one token too few, as the library can.
      usage: { prompt: 11, completion: 3 },
      logprobs: [-0.1, -0.2, -0.3],
      logprobKind: 'tempered',
    });
  });
});

describe('cancelling', () => {
  it('one agent leaves the other running, and the engine answers afterwards, in the same worker', async () => {
    const { model, engines } = staged([{ reply: words, token: 5 }]);
    const [first, second] = [webllmAgent(model, 'm'), webllmAgent(model, 'm')];
    const stop = new AbortController();
    const cancelled = first.generate(asking(1), { signal: stop.signal, onText: () => stop.abort() });
    const going = second.generate(asking(2), {});
    expect(await cancelled).toMatchObject({ text: '1.0 ', finishReason: 'aborted' });
    expect(await going).toMatchObject({ text: words({ seed: 2 }).join(''), finishReason: 'length' });
    expect((await first.generate(asking(3), {})).finishReason).toBe('length');
    expect(engines).toHaveLength(1);
    expect(engines[0]?.log.filter((line) => line === 'end')).toHaveLength(3);
  });

  it('within the prefill is taken up after it, and the text of the cancelled reply is not heard', async () => {
    const { model, engines } = staged([{ reply: words, prefill: 40 }]);
    const agent = webllmAgent(model, 'm');
    await agent.load({});
    const stop = new AbortController();
    const heard: string[] = [];
    setTimeout(() => stop.abort(), 15);
    const reply = await agent.generate(asking(1), {
      signal: stop.signal,
      onText: (text) => heard.push(text),
    });
    expect(reply).toMatchObject({ text: '', finishReason: 'aborted' });
    expect((await agent.generate(asking(2), {})).text).toBe(words({ seed: 2 }).join(''));
    expect(heard).toEqual([]);
    expect(engines).toHaveLength(1);
  });

  it('one that waits never reaches the engine', async () => {
    const { model, engines } = staged([{ reply: words, token: 5 }]);
    const [first, second] = [webllmAgent(model, 'm'), webllmAgent(model, 'm')];
    const stop = new AbortController();
    const going = first.generate(asking(1), { onText: () => stop.abort() });
    const waiting = second.generate(asking(2), { signal: stop.signal });
    expect((await waiting).finishReason).toBe('aborted');
    expect((await going).finishReason).toBe('length');
    expect(engines[0]?.requests).toHaveLength(1);
    expect(model.waiting).toBe(0);
  });

  it('replaces the worker when the reply does not end in time; the next request loads it again', async () => {
    const { model, engines, links } = staged([{ reply: words, prefill: 60_000 }, { reply: words }], {
      drainSeconds: 0.05,
    });
    const [first, second] = [webllmAgent(model, 'm'), webllmAgent(model, 'm')];
    const stop = new AbortController();
    const cancelled = first.generate(asking(1), { signal: stop.signal });
    const going = second.generate(asking(2), {});
    setTimeout(() => stop.abort(), 20);
    expect((await cancelled).finishReason).toBe('aborted');
    expect((await going).text).toBe(words({ seed: 2 }).join(''));
    expect(links.map(({ ended }) => ended)).toEqual([true, false]);
    expect(engines[1]?.loaded).toBe('Tiny-q4f32_1-MLC');
  });
});

describe('a WebLLM worker that fails', () => {
  it('and says nothing any more is replaced, and the turn is an AgentError that a retry mends', async () => {
    const { model, links } = staged([{ reply: words, prefill: 60_000 }, { reply: words }], {
      stallSeconds: 0.05,
    });
    const agent = webllmAgent(model, 'm');
    await expect(agent.generate(asking(1), {})).rejects.toMatchObject({ code: 'agent' });
    expect((await agent.generate(asking(1), {})).finishReason).toBe('length');
    expect(links.map(({ ended }) => ended)).toEqual([true, false]);
  });

  it('in mid-reply by losing its device is replaced, and loaded again for the next turn', async () => {
    const lost = { tokens: 2, error: 'DeviceLostError: The WebGPU device was lost' };
    const { model, links } = staged([{ reply: words, failAfter: lost }, { reply: words }]);
    const agent = webllmAgent(model, 'm');
    await expect(agent.generate(asking(1), {})).rejects.toMatchObject({ code: 'agent' });
    expect((await agent.generate(asking(1), {})).finishReason).toBe('length');
    expect(links).toHaveLength(2);
  });

  it('while loading gives its failure to every persona, and may be loaded again', async () => {
    const { model } = staged([{ reply: words, loadFailure: 'TypeError: Failed to fetch' }, { reply: words }]);
    const agent = webllmAgent(model, 'm');
    await expect(agent.load({})).rejects.toMatchObject({ code: 'download' });
    await agent.load({});
    expect((await agent.generate(asking(1), {})).finishReason).toBe('length');
  });

  it('is ended only when the last persona leaves', async () => {
    const { model, links } = staged([{ reply: words }]);
    const [first, second] = [webllmAgent(model, 'm'), webllmAgent(model, 'm')];
    await first.load({});
    await second.load({});
    await first.unload();
    expect(links[0]?.ended).toBe(false);
    await second.unload();
    expect(links[0]?.ended).toBe(true);
  });
});

describe('the context budget of a WebLLM agent', () => {
  const config = { context_window_size: 1024, tokenizer_files: ['tokenizer.json'] };

  it('is the window of its files, or the one that was asked for', async () => {
    for (const [spec, window] of [
      ['webllm:Tiny-q4f32_1-MLC', 1024],
      ['webllm:Tiny-q4f32_1-MLC?context=256', 256],
    ] as const) {
      const { model, engines } = staged([{ reply: words }], { config, spec });
      const agent = webllmAgent(model, 'm');
      expect(agent.context).toBeNull();
      await agent.load({});
      expect(agent.context?.tokens).toBe(window);
      const overrides = engines[0]?.appConfig?.model_list[0]?.overrides;
      expect(overrides?.context_window_size).toBe(window === 1024 ? undefined : 256);
    }
  });

  it('shortens the oldest text first, counted by the tokenizer of the model', async () => {
    const urls: string[] = [];
    const { model } = staged([{ reply: words }], {
      config,
      openCounter: (url) => {
        urls.push(url);
        return Promise.resolve((text) => text.split(/\s+/).filter((word) => word !== '').length);
      },
    });
    const agent = webllmAgent(model, 'm');
    await agent.load({});
    expect(urls).toEqual([`${localHost}webllm%3ATiny-q4f32_1-MLC/tokenizer.json`]);
    // 5 + 3 + 3 words into 8: the first text loses the three oldest, one more for the marker.
    const texts = ['a b c d e', 'f g h', 'i j k', '... e'];
    const counted = new Map<string, number>();
    const counts = (await agent.context?.count(texts)) ?? [];
    texts.forEach((text, i) => counted.set(text, counts[i] ?? NaN));
    expect(counts).toEqual([5, 3, 3, 2]);
    expect(
      fitContext(['a b c d e'], ['f g h', 'i j k'], {
        tokens: 8,
        count: (text) => counted.get(text) ?? text.split(' ').length,
      }),
    ).toEqual({ own: ['... e'], peers: ['f g h', 'i j k'], keptPeers: [0, 1], shortened: 1 });
  });

  it('is estimated from above without a tokenizer', async () => {
    const { model } = staged([{ reply: words }], { config });
    const agent = webllmAgent(model, 'm');
    await agent.load({});
    // Words of one and three tokens (three letters each at most), four digits, a full stop.
    expect(await agent.context?.count(['Has anything 1234.'])).toEqual([1 + 3 + 4 + 1]);
  });
});
