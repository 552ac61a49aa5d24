/** The verbs tokenize, logits and generate of the `lm` command (docs/contracts.md), runnable on any backend. */
import type { Backend, WeightFormat } from '../compute/ops';
import { ConfigError } from '../core/errors';
import type { FileSource } from '../core/fileSource';
import type { FinishReason, Usage } from '../records/records';
import { releaseAdapter } from './adapter';
import { forwardLogits } from './forward';
import { Generator } from './generate';
import { loadModel, unloadModel } from './load';
import { writeNpy } from './npy';
import { loadTokenizer } from './tokenizer';
import type { LanguageModel, LoraAdapter, Tokenizer } from './types';
import { requantisedText } from './weightDrift';

export interface ModelArguments {
  readonly source: FileSource;
  readonly backend: Backend;
  readonly weights?: 'native' | WeightFormat;
  readonly maxContext?: number;
  /** Makes the adapter once the model is there (reading adapter files is not this module's). */
  readonly adapter?: (model: LanguageModel) => Promise<LoraAdapter>;
  readonly signal?: AbortSignal;
  /** Receives what the user should know about the tokenizer's files and about the weights. */
  readonly onNotice?: (notice: string) => void;
}

export interface GenerateArguments extends ModelArguments {
  readonly prompt: string;
  /** The prompt is a user message for the chat template. */
  readonly chat?: boolean;
  readonly n?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly seed?: number;
  readonly maxTokens?: number;
}

export interface GenerateOutput {
  readonly completions: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    readonly logprobs: readonly number[];
    readonly finishReason: FinishReason;
    readonly seed: number;
  }[];
  /** Prompt tokens once, completion tokens of all. */
  readonly usage: Usage;
}

/** `tokenize`: ids as transformers' tokenizer(text).input_ids. */
export async function tokenizeCommand(
  source: FileSource,
  text: string,
  onNotice?: (notice: string) => void,
): Promise<number[]> {
  return (await tokenizerOf(source, onNotice)).encode(text);
}

/** The tokenizer of a model; `onNotice` gets what the user should know about it. */
export async function tokenizerOf(
  source: FileSource,
  onNotice?: (notice: string) => void,
): Promise<Tokenizer> {
  const tokenizer = await loadTokenizer(source);
  if (tokenizer.notice != null) onNotice?.(tokenizer.notice);
  return tokenizer;
}

/** Loads the model and adapter, runs `use`, and gives everything back. */
export async function withModel<T>(
  options: ModelArguments,
  use: (model: LanguageModel, adapter: LoraAdapter | null) => Promise<T>,
): Promise<T> {
  const { source, backend, weights, maxContext, signal } = options;
  const model = await loadModel(source, backend, {
    ...(weights ? { weights } : {}),
    ...(maxContext ? { maxContext } : {}),
    ...(signal ? { signal } : {}),
  });
  if (model.requantised) options.onNotice?.(requantisedText(model.requantised));
  let adapter: LoraAdapter | null = null;
  try {
    adapter = (await options.adapter?.(model)) ?? null;
    return await use(model, adapter);
  } finally {
    if (adapter) releaseAdapter(backend, adapter);
    unloadModel(model);
  }
}

/** `logits`: the bytes of a .npy file, f32 [ids.length, vocab]. */
export async function logitsCommand(
  options: ModelArguments & { readonly ids: readonly number[] },
): Promise<Uint8Array<ArrayBuffer>> {
  return withModel(options, async (model, adapter) => {
    const logits = await forwardLogits(model, options.ids, adapter ?? undefined);
    return writeNpy(logits, [options.ids.length, model.config.vocab]);
  });
}

/** `generate`: completion i uses seed + i. Defaults: 1 completion, greedy, top-p 1, seed 0, 64 tokens. */
export async function generateCommand(options: GenerateArguments): Promise<GenerateOutput> {
  const { n = 1, temperature = 0, topP = 1, seed = 0, maxTokens = 64, prompt } = options;
  if (!Number.isInteger(n) || n < 1 || n > 4096)
    throw new ConfigError(`n is ${n}; it must be a whole number from 1 to 4096.`, 'Change --n.');
  const tokenizer = await tokenizerOf(options.source, options.onNotice);
  const promptIds = options.chat
    ? tokenizer.chatIds([{ role: 'user', content: prompt }], { addGenerationPrompt: true })
    : (tokenizer.promptIds?.(prompt) ?? tokenizer.encode(prompt));
  return withModel(options, async (model, adapter) => {
    const generator = new Generator(model, tokenizer, { maxSequences: Math.min(n, 64) });
    try {
      const requests = Array.from({ length: n }, (_, i) => ({
        promptIds,
        sampling: { temperature, topP, seed: seed + i, maxTokens },
      }));
      const results = await generator.generate(requests, {
        adapter,
        ...(options.signal ? { signal: options.signal } : {}),
      });
      const completion = results.reduce((sum, { ids }) => sum + ids.length, 0);
      return {
        completions: results.map(({ text, ids, logprobs, finishReason }, i) => ({
          text,
          ids,
          logprobs,
          finishReason,
          seed: seed + i,
        })),
        usage: { prompt: promptIds.length, completion },
      };
    } finally {
      await generator.dispose();
    }
  });
}
