/** The verbs of the `lm` command (docs/contracts.md) over any backend and any place of files: plain data in, a document and files out. */
import type { Backend, WeightFormat } from '../compute/ops';
import { ConfigError } from '../core/errors';
import type { FileSource } from '../core/fileSource';
import type { TrainLog } from '../records/trainLog';
import { generateCommand, logitsCommand, tokenizeCommand, tokenizerOf, withModel } from '../lm/commands';
import type { ModelArguments } from '../lm/commands';
import { recomputations } from '../lm/recompute';
import { linearNames } from '../lm/types';
import type { LanguageModel, LoraConfig } from '../lm/types';
import { loadAdapter } from '../train/adapterFiles';
import { exportCommand, exportFormats, gradCommand, trainCommand } from '../train/commands';
import type { TrainOptions } from '../train/options';
import { Flags } from './toolFlags';

export interface ToolRequest {
  readonly verb: string;
  /** Where the model's files are: a folder or a .gguf file, as the host's `source` understands it. */
  readonly model: string;
  readonly adapter: string | null;
  readonly initAdapter: string | null;
  /** JSON lines to train on or to differentiate. */
  readonly data: string | null;
  /** The checkpoint that an earlier part of this training left. */
  readonly checkpoint: Uint8Array<ArrayBuffer> | null;
  /** The log.jsonl that it left. */
  readonly log: string | null;
  /** Every other flag as given, without dashes; a bare flag is "true". */
  readonly flags: Readonly<Record<string, string>>;
}

export interface ToolHost {
  backend(): Promise<Backend>;
  source(place: string): Promise<FileSource>;
}

export type ToolProgress =
  | { readonly type: 'line'; readonly line: string }
  /** A file to be written at once (a checkpoint, the log so far). */
  | { readonly type: 'file'; readonly path: string; readonly bytes: Uint8Array<ArrayBuffer> };

export interface ToolResult {
  /** The JSON document for stdout. */
  readonly document: unknown;
  readonly files: readonly (readonly [path: string, bytes: Uint8Array<ArrayBuffer>])[];
}

/** Names of the files that `train` keeps beside adapter/. */
const checkpointFile = 'checkpoint.safetensors';
const logFile = 'log.jsonl';

/** The whole training's log: what an earlier part left, up to where this part begins, and this part's steps. */
function logBytes(earlier: string | null, logs: readonly TrainLog[]): Uint8Array<ArrayBuffer> {
  const first = logs[0]?.step ?? Infinity;
  const kept = (earlier ?? '').split('\n').filter((line) => {
    const step = /"step":(\d+)/.exec(line)?.[1];
    return step !== undefined && Number(step) < first;
  });
  const lines = [...kept, ...logs.map((log) => JSON.stringify(log))];
  return new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
}

const weightFormats = ['native', 'f32', 'f16', 'bf16', 'q8', 'q4'] as const;

function loraOf(flags: Flags): LoraConfig {
  const rank = flags.integer('rank', 16);
  return {
    rank,
    alpha: flags.number('alpha', 2 * rank),
    rslora: flags.boolean('rslora'),
    dropout: flags.number('dropout', 0),
    targets: flags.list('target-modules', linearNames),
  };
}

function optionsOf(flags: Flags): Partial<TrainOptions> {
  const [beta1 = 0.9, beta2 = 0.999] = flags.numbers('betas', [0.9, 0.999]);
  return {
    steps: flags.integer('steps', 100),
    batch: flags.integer('batch', 8),
    gradAccum: flags.integer('grad-accum', 1),
    lr: flags.number('lr', 5e-4),
    scheduler: flags.choice('scheduler', ['linear', 'cosine', 'constant'], 'linear'),
    warmup: flags.integer('warmup', 0),
    weightDecay: flags.number('weight-decay', 0),
    betas: [beta1, beta2],
    maxGradNorm: flags.number('max-grad-norm', 1),
    lora: loraOf(flags),
    seed: flags.integer('seed', 0),
    order: flags.choice('order', ['file', 'shuffle'], 'shuffle'),
    saveEvery: flags.integer('save-every', 0),
    ...(flags.has('max-length') ? { maxLength: flags.integer('max-length', 512) } : {}),
  };
}

function needData(request: ToolRequest): string {
  if (request.data === null)
    throw new ConfigError('--data is missing.', 'Name a JSON-lines file of rows to learn.');
  return request.data;
}

/** Runs one verb. Throws ConfigError for bad flags, and what the verb itself throws. */
export async function runTool(
  request: ToolRequest,
  host: ToolHost,
  hooks: { signal?: AbortSignal; onProgress?: (progress: ToolProgress) => void } = {},
): Promise<ToolResult> {
  const flags = new Flags(request.flags);
  const source = await host.source(request.model);
  const { signal, onProgress } = hooks;
  const onNotice = (line: string): void => onProgress?.({ type: 'line', line });

  async function modelArguments(): Promise<ModelArguments> {
    const { adapter } = request;
    const weights: 'native' | WeightFormat = flags.choice('weights', weightFormats, 'native');
    const makeAdapter = async (model: LanguageModel) =>
      loadAdapter(model, await host.source(adapter ?? ''), { owner: 'adapter' });
    return {
      source,
      backend: await host.backend(),
      weights,
      onNotice,
      ...(adapter === null ? {} : { adapter: makeAdapter }),
      ...(signal ? { signal } : {}),
    };
  }

  /** Verbs that make their own adapter on the model. */
  async function onModel<T>(use: (model: LanguageModel) => Promise<T>): Promise<T> {
    const { adapter: _adapter, ...options } = await modelArguments();
    return withModel(options, (model) => use(model));
  }

  switch (request.verb) {
    case 'tokenize':
      return { document: await tokenizeCommand(source, flags.text('text'), onNotice), files: [] };
    case 'logits': {
      const ids = flags.numbers('ids', []);
      const bytes = await logitsCommand({ ...(await modelArguments()), ids });
      return { document: { tokens: ids.length }, files: [['', bytes]] };
    }
    case 'generate': {
      const document = await generateCommand({
        ...(await modelArguments()),
        prompt: flags.text('prompt'),
        chat: flags.boolean('chat'),
        n: flags.integer('n', 1),
        temperature: flags.number('temperature', 0),
        topP: flags.number('top-p', 1),
        seed: flags.integer('seed', 0),
        maxTokens: flags.integer('max-tokens', 64),
      });
      return { document, files: [] };
    }
    case 'grad': {
      const tokenizer = await tokenizerOf(source, onNotice);
      const adapter = request.adapter === null ? {} : { adapter: await host.source(request.adapter) };
      const { gradients, ...document } = await onModel((model) =>
        gradCommand({
          model,
          tokenizer,
          data: needData(request),
          lora: loraOf(flags),
          seed: flags.integer('seed', 0),
          ...adapter,
        }),
      );
      return { document, files: [['', gradients]] };
    }
    case 'train': {
      const tokenizer = await tokenizerOf(source, onNotice);
      const initial =
        request.initAdapter === null ? {} : { initAdapter: await host.source(request.initAdapter) };
      const logs: TrainLog[] = [];
      const recompute = flags.choice('recompute', ['auto', ...recomputations], 'auto');
      const {
        files,
        logs: _logs,
        ...document
      } = await onModel((model) =>
        trainCommand({
          model,
          tokenizer,
          data: needData(request),
          options: optionsOf(flags),
          baseModel: flags.has('base-name') ? flags.text('base-name') : request.model,
          ...initial,
          ...(request.checkpoint ? { checkpoint: request.checkpoint } : {}),
          ...(signal ? { signal } : {}),
          ...(recompute === 'auto' ? {} : { recompute: () => recompute }),
          tuning: {
            memory: new Map<string, string>(),
            onStart: () => onProgress?.({ type: 'line', line: 'choosing the fastest kernels, 2 s at most' }),
          },
          onLog: (log) => {
            logs.push(log);
            onProgress?.({ type: 'line', line: `step ${log.step}: loss ${log.loss.toFixed(4)}` });
          },
          onCheckpoint: (bytes) => {
            onProgress?.({ type: 'file', path: logFile, bytes: logBytes(request.log, logs) });
            onProgress?.({ type: 'file', path: checkpointFile, bytes });
          },
        }),
      );
      const adapter = [...files].map(([name, bytes]) => [`adapter/${name}`, bytes] as const);
      return { document, files: [...adapter, [logFile, logBytes(request.log, logs)]] };
    }
    case 'export': {
      if (request.adapter === null)
        throw new ConfigError('--adapter is missing.', 'Name the adapter folder.');
      const adapter = await host.source(request.adapter);
      const format = flags.choice('format', exportFormats, 'peft');
      const baseModel = flags.has('base-name') ? flags.text('base-name') : request.model;
      const files = await onModel((model) => exportCommand({ model, adapter, source, format, baseModel }));
      return { document: { format, files: [...files.keys()] }, files: [...files] };
    }
    default:
      throw new ConfigError(
        `"${request.verb}" is not a verb.`,
        'Verbs: tokenize, logits, generate, grad, train, export.',
      );
  }
}
