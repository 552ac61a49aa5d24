/** Supervised training of an adapter inside the engine worker. */
import { filesSource } from '../core/fileSource';
import type { Gate } from '../core/gate';
import type { TunerMemory } from '../gpu/tuner';
import { releaseAdapter } from '../lm/adapter';
import { adapterFromData, readPeft, writePeft } from '../train/adapterFiles';
import type { TrainRow } from '../train/batch';
import { readCheckpoint, writeCheckpoint } from '../train/checkpoint';
import { defaultTrainOptions, type TrainOptions } from '../train/options';
import { train } from '../train/trainer';
import type { EngineModel } from './engineModel';
import { recomputationOf } from './recomputation';
import type { TrainingRow, TrainRequest, TrainUpdate } from './engineProtocol';

const toRow = ({ messages, target, weight }: TrainingRow): TrainRow => ({
  messages: [...messages, { role: 'assistant', content: target }],
  ...(weight !== undefined && { weight }),
});

function optionsOf({ settings, checkpointEvery, evalRows }: TrainRequest): TrainOptions {
  const { steps, batch, lr, warmup, rank, alpha, targets, maxLength, seed, patience = 0 } = settings;
  return {
    ...defaultTrainOptions,
    steps,
    batch,
    lr,
    warmup: Math.min(warmup, steps),
    scheduler: 'linear',
    maxLength,
    lora: { rank, alpha, rslora: false, dropout: 0, targets },
    seed,
    evalEvery: evalRows.length > 0 ? Math.max(1, Math.ceil(steps / 10)) : 0,
    patience,
    loadBest: patience > 0,
    saveEvery: checkpointEvery,
  };
}

/**
 * Trains and gives the PEFT files. Throws what `train` throws; before an InterruptedError a checkpoint was handed out.
 * Nothing stays allocated.
 */
export async function trainAdapter(
  engine: EngineModel,
  request: TrainRequest,
  hooks: {
    signal: AbortSignal;
    gate: Gate;
    tuned: TunerMemory;
    onUpdate: (update: TrainUpdate) => void;
  },
): Promise<Readonly<Record<string, Uint8Array>>> {
  const { model, id } = engine;
  const { thinking = 'off' } = request;
  const tokenizer = engine.tokenizer.thinkingAs?.(thinking) ?? engine.tokenizer;
  const { signal, gate, tuned, onUpdate } = hooks;
  const { backend } = model;
  const options = optionsOf(request);
  const owner = `${id}: training`;
  const data = request.init ? await readPeft(filesSource(request.init, 'the first stage')) : null;
  // A stack keeps the first stage's LoRA settings.
  const lora = data?.config ?? options.lora;
  const resume = request.checkpoint ? await readCheckpoint(request.checkpoint) : null;
  const start = data ? adapterFromData(model, data, { owner }) : null;
  try {
    const result = await train({
      model,
      tokenizer,
      rows: request.rows.map(toRow),
      ...(request.evalRows.length > 0 ? { evalRows: request.evalRows.map(toRow) } : {}),
      options: { ...options, lora },
      ...(start && { adapter: start }),
      resume,
      owner,
      signal,
      gate,
      recompute: recomputationOf(engine, request.recompute, lora.rank),
      tuning: { memory: tuned, onStart: () => onUpdate({ type: 'tuning' }) },
      onRows: (rows) => onUpdate({ type: 'rows', rows }),
      onLog: (log) => onUpdate({ type: 'log', log }),
      onStep: async (step, adapter) => {
        const { probes } = request;
        if (!probes || signal.aborted) return;
        if (step % probes.every !== 0 && step !== options.steps) return;
        const { maxTokens } = probes;
        const replies = await engine.replies(probes.prompts, { adapter, maxTokens, thinking, signal });
        if (!signal.aborted) onUpdate({ type: 'probe', step, replies });
      },
      onCheckpoint: (checkpoint, step) => {
        if (step === 0 || step === options.steps) return;
        onUpdate({ type: 'checkpoint', step, bytes: writeCheckpoint(checkpoint) });
      },
    });
    const files = await writePeft(backend, result.adapter, id);
    if (!start) releaseAdapter(backend, result.adapter);
    return Object.fromEntries(files);
  } finally {
    if (start) releaseAdapter(backend, start);
  }
}
