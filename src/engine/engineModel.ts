/** One base in the engine: weights, tokenizer, its generator, and the adapters that can be switched on. */
import type { AgentCallbacks, AgentRequest, Completion, LoadProgress } from '../agents/agent';
import { budgetedReply } from '../agents/budgetedReply';
import type { Backend } from '../compute/ops';
import { ArkletError } from '../core/errors';
import { filesSource, type FileSource } from '../core/fileSource';
import type { Message } from '../records/records';
import { opensThoughts, type ThinkingMode } from '../records/thoughts';
import { releaseAdapter } from '../lm/adapter';
import { canHalve } from '../lm/cache';
import { Generator, type GeneratorStats } from '../lm/generate';
import { loadModel, unloadModel } from '../lm/load';
import { loadTokenizer, TextStream } from '../lm/tokenizer';
import type { LanguageModel, LoraAdapter, Tokenizer } from '../lm/types';
import { loadAdapter } from '../train/adapterFiles';
import type { ModelInfo } from './engineProtocol';

/** Seconds between two reports of a reply's growing text. */
const textEvery = 0.15;

export interface EngineModel {
  readonly id: string;
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
  readonly info: ModelInfo;
  /** How often the device was lost before: what runs here takes half as often as much of it. */
  readonly halvings: number;
  readonly stats: GeneratorStats;
  generate(
    target: AgentRequest & { readonly adapter: string | null },
    callbacks: AgentCallbacks,
  ): Promise<Completion>;
  /** Greedy replies by an adapter that is not one of the named ones, as the one in training; an abort gives what there is. */
  replies(
    prompts: readonly (readonly Message[])[],
    options: { adapter: LoraAdapter; maxTokens: number; thinking?: ThinkingMode; signal: AbortSignal },
  ): Promise<readonly string[]>;
  count(texts: readonly string[]): readonly number[];
  /** Reads a PEFT folder onto the device under an id; an adapter that was there is replaced. */
  putAdapter(id: string, files: Readonly<Record<string, Uint8Array>>): Promise<void>;
  dropAdapter(id: string): void;
  dispose(): Promise<void>;
}

interface Prompt {
  readonly ids: readonly number[];
  /** It ends where thoughts begin. */
  readonly opened: boolean;
}

/** A conversation; a model without a chat template gets the bare texts. Throws ModelError where the template fails. */
function promptOf(tokenizer: Tokenizer, messages: readonly Message[], thinking: ThinkingMode): Prompt {
  if (!tokenizer.chats) {
    const text = `${messages.map(({ content }) => content).join('\n\n')}\n\n`;
    return { ids: tokenizer.promptIds?.(text) ?? tokenizer.encode(text), opened: false };
  }
  const text = tokenizer.chatText(messages, { addGenerationPrompt: true, thinking });
  return { ids: tokenizer.encode(text, { addSpecial: false }), opened: opensThoughts(text) };
}

type Sizes = Pick<
  LanguageModel['config'],
  'hidden' | 'layers' | 'heads' | 'kvHeads' | 'headDim' | 'ffn' | 'vocab' | 'tied'
>;

export function parametersOf({ hidden, layers, heads, kvHeads, headDim, ffn, vocab, tied }: Sizes): number {
  const attention = hidden * headDim * (2 * heads + 2 * kvHeads);
  return layers * (attention + 3 * hidden * ffn + 2 * hidden) + hidden * (vocab * (tied ? 1 : 2) + 1);
}

/** Generates one token, so that kernels are compiled and memory is taken before the first reply is waited for. */
async function warmUp(generator: Generator, signal: AbortSignal): Promise<void> {
  const { bosId, vocab } = generator.model.config;
  const sampling = { temperature: 0, topP: 1, seed: 0, maxTokens: 1 };
  const id = bosId === null || bosId >= vocab ? 0 : bosId;
  await generator.submit({ promptIds: [id], sampling }, { signal });
}

/** Loads weights and tokenizer. Throws what `loadModel` and `loadTokenizer` throw; nothing stays allocated then. */
export async function loadEngineModel(
  source: FileSource,
  backend: Backend,
  options: {
    id: string;
    signal: AbortSignal;
    onProgress: (progress: LoadProgress) => void;
    /** How often a device was lost under what ran on it. */
    halvings?: number;
    /** Keys and values as f16, where the backend and the head size allow it. */
    halfCache?: boolean;
  },
): Promise<EngineModel> {
  const { id, signal, onProgress, halvings = 0, halfCache = false } = options;
  const bare = await loadModel(source, backend, {
    owner: id,
    signal,
    onProgress: (progress) => onProgress({ phase: 'download', ...progress }),
  });
  const model = { ...bare, halfCache: halfCache && backend.halfCaches && canHalve(bare.config) };
  let generator: Generator | null = null;
  let tokenizer: Tokenizer;
  try {
    const read = await loadTokenizer(source, { eosIds: model.config.eosIds, signal });
    // Training, rollouts and counts are without thoughts where nothing is said.
    tokenizer = read.thinkingAs?.('off') ?? read;
    onProgress({ phase: 'warm up', loaded: 0, total: 1 });
    generator = new Generator(model, tokenizer, { owner: `${id}: generation`, halvings });
    await warmUp(generator, signal);
  } catch (thrown) {
    await generator?.dispose();
    unloadModel(model);
    throw thrown;
  }
  const ready = generator;
  const adapters = new Map<string, LoraAdapter>();
  const { config } = model;
  const info: ModelInfo = {
    parameters: parametersOf(model.config),
    maxContext: model.maxContext,
    layers: config.layers,
    hidden: config.hidden,
  };
  onProgress({
    phase: 'ready',
    loaded: 1,
    total: 1,
    ...(tokenizer.notice != null && { notice: tokenizer.notice }),
    ...(model.requantised && { requantised: model.requantised }),
  });

  function adapterOf(name: string | null): LoraAdapter | null {
    if (name === null) return null;
    const adapter = adapters.get(name);
    if (!adapter) throw new ArkletError(`${id} has no adapter ${name}.`, 'Load the adapter first.');
    return adapter;
  }

  function dropAdapter(name: string): void {
    const adapter = adapters.get(name);
    if (adapter) releaseAdapter(backend, adapter);
    adapters.delete(name);
  }

  return {
    id,
    model,
    tokenizer,
    info,
    halvings,
    get stats() {
      return ready.stats;
    },
    async generate({ adapter, messages, sampling }, { signal: stop, onText }) {
      const { ids, opened } = promptOf(tokenizer, messages, sampling.thinking ?? 'off');
      let pending = '';
      let told = performance.now();
      const tell = (text: string): void => {
        pending += text;
        const now = performance.now();
        if (pending === '' || now - told < textEvery * 1000) return;
        onText?.(pending);
        pending = '';
        told = now;
      };
      const completion = await budgetedReply({
        promptIds: ids,
        opened,
        sampling,
        context: model.maxContext,
        encode: (text) => tokenizer.encode(text, { addSpecial: false }),
        decode: (reply) => tokenizer.decode(reply, { skipSpecial: true }),
        tokenTexts(reply) {
          const texts = new TextStream(tokenizer);
          return reply.map((id) => texts.push(id));
        },
        generate: (promptIds, drawn, onPiece) =>
          ready.submit(
            { promptIds, sampling: drawn },
            {
              adapter: adapterOf(adapter),
              ...(stop && { signal: stop }),
              ...(onPiece && { onToken: (_id: number, text: string) => onPiece(text) }),
            },
          ),
        onText: onText && tell,
      });
      if (pending !== '') onText?.(pending);
      return completion;
    },
    async replies(prompts, { adapter, maxTokens, thinking = 'off', signal }) {
      const sampling = { temperature: 0, topP: 1, seed: 0, maxTokens };
      const requests = prompts.map((messages) => ({
        promptIds: promptOf(tokenizer, messages, thinking).ids,
        sampling,
      }));
      const results = await ready.generate(requests, { adapter, signal });
      return results.map(({ text }) => text);
    },
    count: (texts) => texts.map((text) => tokenizer.encode(text, { addSpecial: false }).length),
    async putAdapter(name, files) {
      const adapter = await loadAdapter(model, filesSource(files, name), { owner: `${id}: adapters` });
      dropAdapter(name);
      adapters.set(name, { ...adapter, frozen: true });
    },
    dropAdapter,
    async dispose() {
      await ready.dispose();
      for (const adapter of adapters.values()) releaseAdapter(backend, adapter);
      adapters.clear();
      unloadModel(model);
    },
  };
}
