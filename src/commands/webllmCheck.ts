/** What `npm run check:webllm` asks of the WebLLM backend beyond a run: repeat, cancel one of two agents, ask again. */
import { webllmAgent, WebllmModel } from '../agents/webllm/model';
import { webllmRef } from '../agents/webllm/spec';
import type { AgentRequest } from '../agents/agent';
import { openWebllmWorker } from '../job/links/webllmLink';
import { parseSpecOf } from '../specs/spec';

export interface WebllmCheckRequest {
  /** webllm:ID?... */
  readonly spec: string;
  /** An earlier turn and its reply. */
  readonly spoken: AgentRequest & { readonly reply: string };
  /** Receives progress. */
  readonly say: (line: string) => void;
}

export interface WebllmCheckResult {
  readonly version: string;
  readonly device: string;
  readonly repeatEqual: boolean;
  readonly cancelIsolated: boolean;
  readonly nextAnswered: boolean;
}

/** Milliseconds after which agent 1 is cancelled, if it has not generated anything before. */
const cancelAfter = 30_000;
/** Seconds that the engine may take to end a cancelled reply: here it must do so, without a new worker. */
const drainSeconds = 1200;

/** Two agents of one model. Agent 1 is cancelled while it generates and agent 2 waits; then agent 1 is called again. */
export async function webllmCheck({ spec, spoken, say }: WebllmCheckRequest): Promise<WebllmCheckResult> {
  let workers = 0;
  const model = new WebllmModel({
    ref: webllmRef(parseSpecOf('webllm', spec), document.baseURI),
    drainSeconds,
    open: () => {
      workers++;
      return openWebllmWorker();
    },
  });
  const first = webllmAgent(model, 'agent 1');
  const second = webllmAgent(model, 'agent 2');
  try {
    const info = await model.load(first, {});
    await second.load({});
    say(`WebLLM ${info.version} on ${info.device}; asking both agents`);
    const { messages, sampling, reply } = spoken;
    const brief: AgentRequest = {
      messages: [{ role: 'user', content: 'Count.' }],
      sampling: { ...sampling, maxTokens: 64 },
    };
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), cancelAfter);
    const cancelled = first.generate(brief, { signal: stop.signal, onText: () => stop.abort() });
    const repeating = second.generate({ messages, sampling }, { onText: (text) => say(`agent 2: ${text}`) });
    const { finishReason } = await cancelled;
    clearTimeout(timer);
    say(`agent 1: ${finishReason}; agent 2 goes on`);
    const repeated = await repeating;
    say(`agent 2: ${repeated.finishReason}; asking agent 1 again`);
    const next = await first.generate({ ...brief, sampling: { ...sampling, maxTokens: 1 } }, {});
    say(`agent 1: ${next.finishReason}`);
    const ended = (reason: string): boolean => reason === 'stop' || reason === 'length';
    return {
      version: info.version,
      device: info.device,
      repeatEqual: repeated.text === reply,
      cancelIsolated: finishReason === 'aborted' && ended(repeated.finishReason) && workers === 1,
      nextAnswered: ended(next.finishReason) && next.usage.completion > 0,
    };
  } finally {
    await first.unload();
    await second.unload();
  }
}
