/** Ways in over the network and by links: an endpoint's replies, the hub's, and the part of an address behind #. */
import { endpointAgent } from '../../src/agents/endpoint/endpoint';
import { endpointModels } from '../../src/agents/endpoint/models';
import { judge } from '../../src/debate/judge';
import { searchHub } from '../../src/models/hubSearch';
import { describeRemote } from '../../src/models/remote';
import { checkRemoteHeader } from '../../src/models/remoteHeader';
import { makeQuestion, uniform } from '../../tests/ui/fixtures/archive';
import { entries, parseConfig, presets } from '../../src/settings/config';
import { flagsOf, readFlags } from '../../src/settings/flags';
import { onHub } from '../../src/specs/engine';
import { hostsOfRun } from '../../src/specs/hosts';
import { parseSpec, specId, specLabel, storageId } from '../../src/specs/spec';
import { bytesOf, mutatedBytes, mutatedJson, mutatedText, writtenJson } from './mutations';
import type { Dice } from './dice';
import type { CaseMaker } from './types';

type Answer = (address: string, init: RequestInit | undefined) => Response;

/** Answers every request of `work` without a network. */
async function answering<T>(answer: Answer, work: () => Promise<T>): Promise<T> {
  const real = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    init?.signal?.throwIfAborted();
    return answer(String(input instanceof Request ? input.url : input), init);
  };
  try {
    return await work();
  } finally {
    globalThis.fetch = real;
  }
}

const chunk = (content: string, more: object = {}): object => ({
  choices: [{ delta: { content }, ...more }],
});
const streamed: readonly object[] = [
  chunk('She has '),
  chunk('12. ', { logprobs: { content: [{ token: '12', logprob: -0.1 }] } }),
  { choices: [{ delta: { reasoning_content: 'Well.', content: '' } }] },
  chunk('#### 12'),
  chunk('', { finish_reason: 'stop' }),
  {
    choices: [],
    usage: { prompt_tokens: 5, completion_tokens: 9, completion_tokens_details: { reasoning_tokens: 2 } },
  },
];
const whole = {
  object: 'chat.completion',
  choices: [
    { index: 0, message: { role: 'assistant', content: '<think>12?</think>#### 12' }, finish_reason: 'stop' },
  ],
  usage: { prompt_tokens: 5, completion_tokens: 9 },
};
const refusal = {
  error: { message: 'maximum context length is 64 tokens', type: 'invalid_request_error', code: 400 },
};
const question = makeQuestion(0, uniform(1));

function replyText(dice: Dice): string {
  if (dice.chance(0.25)) return writtenJson(mutatedJson(dice.pick([whole, refusal]), dice), dice);
  const parts = mutatedJson(streamed, dice);
  if (!Array.isArray(parts)) return writtenJson(parts, dice);
  const end = dice.pick(['\n\n', '\r\n\r\n', '\n', '\r\r']);
  const text = parts.map((part: unknown) => `data: ${writtenJson(part, dice)}${end}`).join('');
  return `${text}${dice.chance(0.8) ? `data: [DONE]${end}` : ''}`;
}

const endpoint = (): CaseMaker => (dice) => {
  const plain = bytesOf(dice.chance(0.3) ? mutatedText(replyText(dice), dice) : replyText(dice));
  const bytes = dice.chance(0.2) ? mutatedBytes(plain, dice) : plain;
  const status = dice.chance(0.8) ? 200 : dice.pick([201, 204, 302, 400, 401, 404, 422, 429, 500, 503]);
  const headers = {
    'content-type': dice.pick(['text/event-stream', 'application/json', 'text/html', '']),
    ...(dice.chance(0.3) && {
      'retry-after': dice.pick(['1e9', '-1', 'x', 'Wed, 21 Oct 2999 07:28:00 GMT', '']),
    }),
    ...(dice.chance(0.3) && { location: dice.pick(['http://[', '//', 'http://h/%', '\u00e9']) }),
  };
  const piece = dice.pick([1, 3, 17, 1000, 1e9]);
  const list = dice.chance(0.15);
  const answer: Answer = () => {
    if (status === 204) return new Response(null, { status });
    let at = 0;
    // Whole pieces where the body is long: what is tried is how it is cut, not how often.
    const step = Math.max(piece, Math.ceil(bytes.length / 2000));
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at >= bytes.length) controller.close();
        else controller.enqueue(bytes.subarray(at, (at += step)));
      },
    });
    return new Response(body, { status, headers });
  };
  return {
    bytes: bytes.length,
    run: () =>
      answering(answer, async () => {
        if (list) {
          await endpointModels('http://h/v1', 'secret-key');
          return;
        }
        const agent = endpointAgent({
          url: 'http://h/v1',
          model: 'm',
          retries: 0,
          key: () => 'secret-key-of-16',
        });
        const { text } = await agent.generate(
          {
            messages: [{ role: 'user', content: '2 + 2?' }],
            sampling: { temperature: 1, topP: 1, seed: 1, maxTokens: 64 },
          },
          {},
        );
        judge(question, text);
      }),
  };
};

const listing = {
  id: 'o/m',
  sha: 'c0ffee',
  gated: false,
  tags: ['license:apache-2.0', 'gguf'],
  cardData: { license: 'apache-2.0' },
  safetensors: { total: 135e6 },
  gguf: { total: 135e6 },
  siblings: ['config.json', 'tokenizer.json', 'model.safetensors', 'm-Q4_K_M.gguf', 'm-Q8_0-00001-of-00002.gguf', 'onnx/model.onnx'].map(
    (rfilename) => ({ rfilename, size: 1000, blobId: 'ab', lfs: { sha256: 'cd', size: 1000 } }),
  ),
}; // prettier-ignore
const found = [{ id: 'o/m', gated: false, tags: ['license:mit'], safetensors: { total: 1 }, gguf: null }];
const index = {
  weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' },
};

const hub = (): CaseMaker => (dice) => {
  const search = dice.chance(0.2);
  const away = dice.chance(0.25);
  const valid = search ? found : away ? index : listing;
  const plain = bytesOf(writtenJson(mutatedJson(valid, dice), dice));
  const bytes = dice.chance(0.15) ? mutatedBytes(plain, dice) : plain;
  const status = dice.chance(0.9) ? 200 : dice.pick([302, 401, 403, 404, 416, 429, 500]);
  const headers = {
    'content-type': dice.pick(['application/json', 'text/html', '']),
    ...(dice.chance(0.5) && {
      'content-range': dice.pick(['bytes 0-0/1000', 'bytes 0-0/99999999999999999999', 'bytes */*', '/x']),
    }),
    ...(dice.chance(0.1) && { 'x-error-code': dice.pick(['GatedRepo', 'RepoNotFound', '']) }),
  };
  const file = dice.chance(0.3) ? 'm-Q4_K_M.gguf' : null;
  const memory = dice.chance(0.5) ? 4e9 : undefined;
  const answer: Answer = (_address, init) => {
    const ranged = new Headers(init?.headers).has('range');
    return new Response(bytes, { status: ranged && status === 200 ? 206 : status, headers });
  };
  return {
    bytes: bytes.length,
    run: () =>
      answering(answer, async () => {
        if (search) return searchHub('smol');
        const hubAccess = { endpoint: 'https://huggingface.co', token: 'hf_secret' };
        const spec = away
          ? ({ runtime: 'engine', place: 'address', address: 'https://h/m/' } as const)
          : file === null
            ? { ...onHub('o/m', 'x.gguf'), file: null }
            : onHub('o/m', file);
        const model = await describeRemote(spec, { hub: hubAccess, ...(memory !== undefined && { memory }) });
        return checkRemoteHeader(model, undefined, hubAccess);
      }),
  };
};

const specs = [
  'agent-a', 'hf:o/m', 'hf:o/m@main/m-Q4_K_M.gguf', 'https://h/m/', './models/x', 'local:my model', 'webllm:Llama-3.2-1B-Instruct-q4f16_1-MLC',
  'webllm:X?model=https://h/m/&lib=https://h/l.wasm&context=4096&logprobs=1', 'transformers:o/m', 'endpoint:http://127.0.0.1:11434/v1#llama3', 'recorded:run.jsonl',
  'adapter:0123abcd/rsft', 'adapter:./folder',
]; // prettier-ignore

const links = (): CaseMaker => {
  const flags = [...flagsOf(presets.full, 'quick')];
  const writable = entries.map(({ setting }) => [setting.flag, setting.write(setting.quick)] as const);
  return (dice) => {
    if (dice.chance(0.3)) {
      const text = mutatedText(dice.pick(specs), dice);
      return {
        bytes: text.length,
        run() {
          const spec = parseSpec(text);
          const id = specId(spec);
          // The one way to write a name reads back as it was.
          if (specId(parseSpec(id)) !== id) throw new Error(`${id} is written in two ways`);
          specLabel(id);
          storageId(spec);
          hostsOfRun({ agents: [id], personas: [], student: id }, 'http://localhost/');
        },
      };
    }
    const pairs = Array.from({ length: 1 + dice.below(6) }, () =>
      dice.pick(dice.chance(0.7) ? writable : flags),
    );
    const plain = new URLSearchParams(
      pairs.map(([name, value]) => [
        dice.chance(0.1) ? mutatedText(name, dice) : name,
        dice.chance(0.15) ? mutatedText(dice.pick(specs), dice) : mutatedText(value, dice),
      ]),
    ).toString();
    const hash = dice.chance(0.3) ? mutatedText(plain, dice) : plain;
    const preset = dice.pick(['quick', 'full'] as const);
    return {
      bytes: hash.length,
      run() {
        const { config } = readFlags(new URLSearchParams(hash), preset);
        // As the panels do before a run is started.
        hostsOfRun(config, 'http://localhost/');
        for (const agent of config.agents) specLabel(agent);
        readFlags(flagsOf(config, preset), preset);
        parseConfig(config);
      },
    };
  };
};

export const networkReplies = { endpoint, hub, links };
