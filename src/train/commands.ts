/** The verbs `grad`, `train` and `export` of the `lm` command, on any backend: plain arguments in, JSON and bytes out. */
import { ConfigError } from '../core/errors';
import type { FileSource } from '../core/fileSource';
import type { TrainLog } from '../records/trainLog';
import { createAdapter, namedMatrices, releaseAdapter } from '../lm/adapter';
import { writeSafetensors } from '../lm/safetensors';
import { loadTokenizer } from '../lm/tokenizer';
import type { LanguageModel, LoraAdapter, LoraConfig, Tokenizer } from '../lm/types';
import { adapterFromData, loadAdapter, readPeft, writePeft } from './adapterFiles';
import type { AdapterData } from './adapterFiles';
import { Backprop } from './backprop';
import { packExamples, parseRows, targetWeights, tokeniseRows, totalWeight, weightedSum } from './batch';
import { readCheckpoint, writeCheckpoint } from './checkpoint';
import { writeGgufAdapter } from './ggufAdapter';
import type { TrainHooks } from './hooks';
import { exportMerged } from './merge';
import type { FloatFormat, MergeHooks } from './merge';
import { mergedGguf } from './mergedGguf';
import type { GgufFormat } from './mergedGguf';
import { writeMlxAdapter } from './mlxAdapter';
import { modelfile } from './modelfile';
import { defaultTrainOptions } from './options';
import type { TrainOptions } from './options';
import { train } from './trainer';

export type Files = Map<string, Uint8Array<ArrayBuffer>>;

export interface GradArguments {
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
  /** JSON lines of {messages} or {prompt, completion}. */
  readonly data: string;
  /** A PEFT folder; without it a fresh adapter of `lora`, whose B is zero. */
  readonly adapter?: FileSource;
  readonly lora?: LoraConfig;
  readonly seed?: number;
  readonly maxLength?: number;
  /** Documents per pass. Default 8. */
  readonly batch?: number;
}

export interface GradResult {
  /** Mean over all target tokens of all rows, weighted where rows have a weight. */
  readonly loss: number;
  readonly tokens: number;
  readonly truncated: number;
  readonly dropped: number;
  /** safetensors of d loss / d parameter under peft's names. */
  readonly gradients: Uint8Array<ArrayBuffer>;
}

/** Loss and LoRA gradients of the mean over all rows. */
export async function gradCommand(args: GradArguments): Promise<GradResult> {
  const { model, tokenizer } = args;
  const { backend } = model;
  const owner = 'grad';
  const maxLength = args.maxLength ?? model.maxContext;
  const { examples, truncated, dropped } = tokeniseRows(tokenizer, parseRows(args.data), maxLength);
  if (examples.length === 0)
    throw new ConfigError('The data has no row with a response.', 'Give rows with a response to learn.');
  const lora = args.lora ?? defaultTrainOptions.lora;
  const adapter = args.adapter
    ? await loadAdapter(model, args.adapter, { owner })
    : createAdapter(model, lora, { seed: args.seed ?? 0, owner });
  const gradient = backend.tensor([adapter.params.size], { owner, label: 'LoRA gradient' });
  const backprop = new Backprop(model, adapter, { owner });
  try {
    backend.fill({ x: gradient, value: 0 });
    const tokens = examples.reduce((sum, { ids, responseStart }) => sum + ids.length - responseStart, 0);
    const total = totalWeight(examples);
    const size = args.batch ?? 8;
    let sum = 0;
    for (let start = 0; start < examples.length; start += size) {
      const documents = examples.slice(start, start + size);
      const batch = packExamples(documents);
      const count = batch.targets.length;
      const nll = backend.tensor([count], { owner, label: 'losses' });
      try {
        backprop.forward(batch);
        backprop.backward({ nll, weights: targetWeights(documents, total), gradient });
        sum = weightedSum(sum, documents, await backend.read(nll));
      } finally {
        backend.release(nll);
      }
    }
    const named = namedMatrices(adapter, await backend.read(gradient));
    const tensors = [...named].map(([name, { rows, cols, values }]) => ({
      name,
      dtype: 'F32' as const,
      shape: [rows, cols],
      data: values,
    }));
    return { loss: sum / total, tokens, truncated, dropped, gradients: writeSafetensors(tensors) };
  } finally {
    backprop.dispose();
    backend.release(gradient);
    releaseAdapter(backend, adapter);
  }
}

export interface TrainArguments extends Pick<
  TrainHooks<Uint8Array<ArrayBuffer>>,
  'signal' | 'tuning' | 'recompute' | 'onLog' | 'onCheckpoint'
> {
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
  readonly data: string;
  readonly evalData?: string;
  /** What differs from the defaults. */
  readonly options: Partial<TrainOptions>;
  /** Id or path of the base, for adapter_config.json. */
  readonly baseModel: string;
  /** Start from this PEFT folder; its LoRA settings hold. */
  readonly initAdapter?: FileSource;
  /** The checkpoint that an earlier part of this training left. */
  readonly checkpoint?: Uint8Array<ArrayBuffer>;
}

export interface TrainCommandResult {
  readonly steps: number;
  readonly loss: number | null;
  readonly truncated: number;
  readonly dropped: number;
  readonly stoppedEarly: boolean;
  readonly best: { readonly step: number; readonly loss: number } | null;
  readonly logs: readonly TrainLog[];
  /** Files of the folder adapter/. */
  readonly files: Files;
}

/** Trains to the end or resumes; throws InterruptedError after handing out a checkpoint when the signal fires. */
export async function trainCommand(args: TrainArguments): Promise<TrainCommandResult> {
  const { model, tokenizer, signal, tuning, recompute, onLog, onCheckpoint } = args;
  const owner = 'train';
  const rows = parseRows(args.data);
  const evalRows = args.evalData === undefined ? null : parseRows(args.evalData);
  const resume = args.checkpoint ? await readCheckpoint(args.checkpoint) : null;
  const initial: AdapterData | null = args.initAdapter ? await readPeft(args.initAdapter) : null;
  const options: TrainOptions = {
    ...defaultTrainOptions,
    maxLength: Math.min(defaultTrainOptions.maxLength, model.maxContext),
    ...args.options,
    ...(initial ? { lora: initial.config } : {}),
  };
  const given = initial ? adapterFromData(model, initial, { owner }) : null;
  let adapter: LoraAdapter | null = given;
  try {
    const result = await train({
      model,
      tokenizer,
      rows,
      options,
      owner,
      ...(evalRows ? { evalRows } : {}),
      ...(given ? { adapter: given } : {}),
      resume,
      ...(signal ? { signal } : {}),
      ...(tuning ? { tuning } : {}),
      ...(recompute ? { recompute } : {}),
      ...(onLog ? { onLog } : {}),
      async onCheckpoint(checkpoint) {
        await onCheckpoint?.(writeCheckpoint(checkpoint), checkpoint.step);
      },
    });
    adapter = result.adapter;
    return {
      steps: result.checkpoint.step,
      loss: result.logs.at(-1)?.loss ?? null,
      truncated: result.truncated,
      dropped: result.dropped,
      stoppedEarly: result.stoppedEarly,
      best: result.best,
      logs: result.logs,
      files: await writePeft(model.backend, adapter, args.baseModel),
    };
  } finally {
    if (adapter) releaseAdapter(model.backend, adapter);
  }
}

/** `gguf` alone: in the base's own precision. `ollama`: an 8-bit GGUF with its Modelfile. */
export const exportFormats = [
  'peft',
  'merged',
  'gguf-adapter',
  'gguf',
  'gguf-f16',
  'gguf-q8_0',
  'gguf-q4_0',
  'mlx',
  'ollama',
] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface ExportArguments extends MergeHooks {
  readonly model: LanguageModel;
  /** PEFT folder. */
  readonly adapter: FileSource;
  /** Where the base came from, for its config and tokenizer files. */
  readonly source: FileSource;
  readonly format: ExportFormat;
  readonly baseModel: string;
  /** Precision of merged matrices; default the base's own where that is a float format, else f16. */
  readonly weights?: FloatFormat;
}

/** The base's own precision where it is a float format, else f16. */
export function mergedFormat(model: LanguageModel): FloatFormat {
  const own = model.layers[0]?.qkv.format;
  return own === 'f32' || own === 'bf16' ? own : 'f16';
}

/** The exported files by name. */
export async function exportCommand(args: ExportArguments): Promise<Files> {
  const { model, source, format } = args;
  const { backend, config } = model;
  const adapter = await loadAdapter(model, args.adapter, { owner: 'export' });
  const weights = args.weights ?? mergedFormat(model);
  const { signal, onLayer } = args;
  const gguf = (precision: GgufFormat): Promise<Uint8Array<ArrayBuffer>> =>
    mergedGguf(model, adapter, { format: precision, source, signal, onLayer });
  try {
    switch (format) {
      case 'peft':
        return await writePeft(backend, adapter, args.baseModel);
      case 'merged':
        return await exportMerged(model, adapter, { format: weights, source, signal, onLayer });
      case 'gguf-adapter':
        return new Map([['adapter.gguf', await writeGgufAdapter(backend, config, adapter)]]);
      case 'gguf':
        return new Map([['model.gguf', await gguf(weights)]]);
      case 'gguf-f16':
        return new Map([['model.gguf', await gguf('f16')]]);
      case 'gguf-q8_0':
        return new Map([['model.gguf', await gguf('q8_0')]]);
      case 'gguf-q4_0':
        return new Map([['model.gguf', await gguf('q4_0')]]);
      case 'mlx':
        return await writeMlxAdapter(backend, adapter, args.baseModel);
      case 'ollama': {
        const file = 'model.gguf';
        const tokenizer = await loadTokenizer(source, { eosIds: config.eosIds });
        const stops = tokenizer.eosIds.map((id) => tokenizer.decode([id], { cleanUp: false }));
        const text = modelfile({ file, stops, context: config.maxPosition });
        return new Map([
          [file, await gguf('q8_0')],
          ['Modelfile', new TextEncoder().encode(text)],
        ]);
      }
      default:
        return format satisfies never;
    }
  } finally {
    releaseAdapter(backend, adapter);
  }
}
