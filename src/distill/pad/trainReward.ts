/**
 * Trains a process reward model: cross-entropy on judged steps (and optionally the contrastive term) through the head
 * on the host, its gradient injected at the final norm's output and carried into the LoRA by the device's backward.
 */
import * as v from 'valibot';
import { ConfigError, throwIfAborted, TrainingError } from '../../core/errors';
import { filesSource } from '../../core/fileSource';
import type { Gate } from '../../core/gate';
import type { TrainLog } from '../../core/records';
import { hashKey, uniform } from '../../core/rng';
import { createAdapter, releaseAdapter } from '../../lm/adapter';
import type { LanguageModel, LoraAdapter, Tokenizer } from '../../lm/types';
import { loadAdapter } from '../../train/adapterFiles';
import { Backprop } from '../../train/backprop';
import { DocumentOrder } from '../../train/options';
import { fingerprint, useVariants, variantsOf } from '../../train/resume';
import { tuneTraining, type Tuning } from '../../train/tuning';
import { hostAdamw, type HostState } from './hostAdamw';
import { canonical, readState, writeState } from './padState';
import { documentOfText, packSteps, type LabelledTrace, type StepDocument } from './rewardData';
import { classWeights, contrastiveLoss, headCrossEntropy } from './rewardHead';
import { rewardMetrics, type RewardMetrics } from './rewardMetrics';
import { RewardModel, writeRewardModel, type RewardModelFiles } from './rewardModel';
import { checkRewardOptions, type RewardOptions } from './rewardOptions';

export interface RewardTrainRequest {
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
  readonly traces: readonly LabelledTrace[];
  readonly heldOut: readonly LabelledTrace[];
  readonly options: RewardOptions;
  /** PEFT files that the LoRA starts from, as an adapter that has learnt to solve; null or absent for a fresh one. */
  readonly init?: Readonly<Record<string, Uint8Array>> | null;
  readonly signal?: AbortSignal;
  readonly gate?: Gate;
  readonly tuning?: Tuning;
  onLog?(log: TrainLog): void;
  /** Every saveEvery steps and when stopped; awaited. */
  onCheckpoint?(bytes: Uint8Array<ArrayBuffer>, step: number): void | Promise<void>;
  readonly resume?: Uint8Array<ArrayBuffer> | null;
  readonly owner?: string;
  /** What the PEFT files name as their base. Default "student". */
  readonly baseName?: string;
}

export interface RewardTrainResult {
  readonly files: RewardModelFiles;
  /** On the held-out traces. */
  readonly metrics: RewardMetrics;
  /** Of the steps of this call. */
  readonly logs: readonly TrainLog[];
}

/** A trace's judged places with their labels. */
interface TrainDocument {
  readonly ids: readonly number[];
  readonly places: readonly number[];
  readonly labels: readonly number[];
  readonly agent: string;
}

type Tensor = LoraAdapter['params'];

const kind = 'reward model';
const betas = [0.9, 0.999] as const;
const eps = 1e-8;
const stateSchema = v.object({
  step: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  tokens: v.number(),
  options: v.unknown(),
  data: v.number(),
  variants: v.nullable(v.string()),
});

function trainDocument(trace: LabelledTrace, document: StepDocument): TrainDocument | null {
  if (trace.labels.length < document.steps.length)
    throw new ConfigError(
      `A trace of ${document.steps.length} steps has ${trace.labels.length} labels.`,
      'Label it with the splitter that trains.',
    );
  const labels = new Map<number, number>();
  document.placeOf.forEach((place, step) => {
    const label = trace.labels[step] ?? null;
    if (label !== null) labels.set(place, Math.min(label, labels.get(place) ?? 1));
  });
  const judged = document.places.flatMap((place, i) => {
    const label = labels.get(i);
    return label === undefined ? [] : [{ place, label }];
  });
  const last = judged.at(-1);
  if (!last) return null;
  return {
    ids: document.ids.slice(0, last.place + 1),
    places: judged.map(({ place }) => place),
    labels: judged.map(({ label }) => label),
    agent: trace.agent,
  };
}

/**
 * Trains, measures on the held-out traces and gives the files. Throws ConfigError, InterruptedError (a checkpoint was
 * handed out), TrainingError when it diverges, OutOfMemoryError, DeviceLostError. Nothing stays allocated.
 */
export async function trainRewardModel(request: RewardTrainRequest): Promise<RewardTrainResult> {
  const { model, tokenizer, options, traces, owner = kind } = request;
  checkRewardOptions(options);
  const documents = traces.flatMap((trace) => {
    const document = documentOfText(tokenizer, trace, options.splitter, model.maxContext);
    return trainDocument(trace, document) ?? [];
  });
  if (documents.length === 0)
    throw new ConfigError('No trace has a judged step.', 'Give traces with labels for their steps.');
  const adapter = request.init
    ? await loadAdapter(model, filesSource(request.init, 'the first stage'), { owner })
    : createAdapter(model, options.lora, { seed: options.seed, owner });
  let run: RewardRun | null = null;
  try {
    if (request.tuning && !request.resume) {
      const examples = documents.map(({ ids }) => ({ ids, responseStart: 1 }));
      await tuneTraining(model, examples, options, request.tuning, request.signal);
    }
    run = new RewardRun(request, documents, adapter, owner);
    await run.start();
    const logs = await run.go();
    const { head } = run;
    const metrics = await run.measure();
    const files = await writeRewardModel(
      { model, adapter, head: head.params, splitter: options.splitter },
      request.baseName ?? 'student',
    );
    return { files, metrics, logs };
  } finally {
    run?.dispose();
    releaseAdapter(model.backend, adapter);
  }
}

class RewardRun {
  readonly head: HostState;
  readonly #request: RewardTrainRequest;
  readonly #documents: readonly TrainDocument[];
  readonly #adapter: LoraAdapter;
  readonly #backprop: Backprop;
  readonly #scorer: RewardModel;
  readonly #order: DocumentOrder;
  readonly #weights: readonly [number, number];
  readonly #data: number;
  readonly #owned: Tensor[] = [];
  readonly #gradient: Tensor;
  readonly #m: Tensor;
  readonly #v: Tensor;
  readonly #norm: Tensor;
  readonly #extra: Tensor;
  #step = 0;
  #tokens = 0;

  constructor(
    request: RewardTrainRequest,
    documents: readonly TrainDocument[],
    adapter: LoraAdapter,
    owner: string,
  ) {
    const { model, tokenizer, options } = request;
    const { hidden } = model.config;
    this.#request = request;
    this.#documents = documents;
    this.#adapter = adapter;
    this.#order = new DocumentOrder(documents.length, 'shuffle', options.seed);
    const labels = documents.flatMap((document) => document.labels);
    this.#weights = options.classBalance ? classWeights(labels) : [1, 1];
    this.#data = fingerprint(documents.map(({ ids, places, labels }) => ({
      ids: [...ids, ...places, ...labels.map((label) => Math.round(label * 1e6))],
      responseStart: 1,
    }))); // prettier-ignore
    const key = hashKey('reward head', options.seed);
    const bound = 1 / Math.sqrt(hidden);
    this.head = {
      params: Float32Array.from({ length: 2 * hidden }, (_, i) => (2 * uniform(key, i) - 1) * bound),
      m: new Float32Array(2 * hidden),
      v: new Float32Array(2 * hidden),
    };
    // A batch over the border of two epochs, or of more documents than there are, holds some of them again.
    const times = Math.ceil(options.batch / documents.length) + 1;
    const most = (size: (document: TrainDocument) => number): number =>
      documents
        .flatMap((document) => Array.from({ length: times }, () => size(document)))
        .sort((a, b) => b - a)
        .slice(0, options.batch)
        .reduce((sum, n) => sum + n, 0);
    const targets = most(({ places }) => places.length);
    const { backend } = model;
    const make = (label: string, size: number): Tensor => {
      const tensor = backend.tensor([size], { owner, label });
      this.#owned.push(tensor);
      return tensor;
    };
    try {
      this.#gradient = make('LoRA gradient', adapter.params.size);
      this.#m = make('first moment', adapter.params.size);
      this.#v = make('second moment', adapter.params.size);
      this.#norm = make('squared norm', 1);
      this.#extra = make('d final of the head', targets * hidden);
      const capacity = { rows: most(({ ids }) => ids.length), targets };
      this.#backprop = new Backprop(model, adapter, { owner, capacity });
    } catch (error) {
      backend.release(...this.#owned);
      throw error;
    }
    const { splitter } = options;
    this.#scorer = new RewardModel({ model, tokenizer, adapter, head: this.head.params, splitter, owner });
  }

  async start(): Promise<void> {
    const { model, options, resume } = this.#request;
    const { backend } = model;
    if (!resume) {
      for (const x of [this.#m, this.#v]) backend.fill({ x, value: 0 });
      return;
    }
    const file = await readState(kind, resume);
    const state = v.safeParse(stateSchema, file.state);
    // When it is measured and saved changes nothing of what is learnt.
    const fixed = (from: unknown): string => canonical({ ...(from as object), evalEvery: 0, saveEvery: 0 });
    if (!state.success || fixed(state.output.options) !== fixed(options) || state.output.data !== this.#data)
      throw new ConfigError(
        'The checkpoint of the reward model was made with other settings or data.',
        'Resume with the same settings and data, or start again.',
      );
    const { size } = this.#adapter.params;
    this.#step = state.output.step;
    this.#tokens = state.output.tokens;
    useVariants(backend, state.output.variants);
    backend.write(this.#adapter.params, file.tensor('params', size));
    backend.write(this.#m, file.tensor('m', size));
    backend.write(this.#v, file.tensor('v', size));
    for (const name of ['params', 'm', 'v'] as const)
      this.head[name].set(file.tensor(`head.${name}`, this.head.params.length));
  }

  async go(): Promise<TrainLog[]> {
    const { options, signal, gate, onLog, heldOut } = this.#request;
    const logs: TrainLog[] = [];
    while (this.#step < options.steps) {
      try {
        throwIfAborted(signal);
        await gate?.pass(signal);
      } catch (error) {
        await this.#save();
        throw error;
      }
      let log = await this.#advance();
      if (options.evalEvery > 0 && heldOut.length > 0 && this.#step % options.evalEvery === 0) {
        const { loss, stepAuc } = await this.measure();
        log = { ...log, eval_loss: loss, ...(stepAuc === null ? {} : { eval_auc: stepAuc }) };
      }
      logs.push(log);
      onLog?.(log);
      if (options.saveEvery > 0 && this.#step % options.saveEvery === 0 && this.#step < options.steps)
        await this.#save();
    }
    return logs;
  }

  /** On the held-out traces with the parameters as they are. */
  async measure(): Promise<RewardMetrics> {
    const { heldOut, options } = this.#request;
    const scored = await this.#scorer.scoreTexts(heldOut);
    const scores = scored.map((steps) => steps.map(({ good }) => good));
    return rewardMetrics(heldOut, scores, options.splitter);
  }

  dispose(): void {
    this.#backprop.dispose();
    this.#scorer.dispose({ keepAdapter: true });
    this.#request.model.backend.release(...this.#owned);
  }

  async #advance(): Promise<TrainLog> {
    const { model, options } = this.#request;
    const { backend } = model;
    const { hidden } = model.config;
    const start = this.#step * options.batch;
    const documents = Array.from(
      { length: options.batch },
      (_, i) => this.#documents[this.#order.at(start + i)]!,
    );
    const batch = packSteps(documents);
    const count = batch.targets.length;
    this.#backprop.forward(batch);
    const final = await backend.read(this.#backprop.final, 0, count * hidden);
    const labels = documents.flatMap((document) => document.labels);
    const agents = documents.flatMap(({ agent, places }) => places.map(() => agent));
    const rows = { final, hidden, labels, agents };
    const main = headCrossEntropy(rows, this.head.params, this.#weights);
    const extra = Float32Array.from(main.gradFinal);
    const { contrastive } = options;
    const term = contrastive ? contrastiveLoss(rows, contrastive.temperature) : null;
    if (contrastive && term)
      for (let i = 0; i < extra.length; i++)
        extra[i] = main.gradFinal[i]! + contrastive.weight * term.gradFinal[i]!;
    backend.write(this.#extra, extra);
    backend.fill({ x: this.#gradient, value: 0 });
    this.#backprop.backwardFinal({ extraFinal: this.#extra, gradient: this.#gradient });
    backend.sumSquares({ x: this.#gradient, out: this.#norm });
    const [squares = 0] = await backend.read(this.#norm, 0, 1);
    const all = squares + main.gradHead.reduce((sum, slope) => sum + slope * slope, 0);
    const gradNorm = Math.sqrt(all);
    const loss = main.loss + (contrastive && term ? contrastive.weight * term.loss : 0);
    if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) {
      await this.#save();
      throw new TrainingError(
        `The reward model diverged at step ${this.#step + 1}: loss ${loss}, gradient norm ${gradNorm}.`,
        'Lower its learning rate; the state before this step is kept.',
      );
    }
    // LoRA and head are clipped by their common norm, which the device reads from the same place.
    backend.write(this.#norm, Float32Array.of(all));
    const factor = this.#schedule(this.#step);
    const { maxGradNorm, weightDecay } = options;
    this.#step++;
    const step = this.#step;
    backend.adamw({
      param: this.#adapter.params,
      grad: this.#gradient,
      m: this.#m,
      v: this.#v,
      step,
      lr: options.lr * factor,
      beta1: betas[0],
      beta2: betas[1],
      eps,
      weightDecay,
      ...(maxGradNorm > 0 ? { clip: { sumSquares: this.#norm, maxNorm: maxGradNorm } } : {}),
    });
    const scale = maxGradNorm > 0 ? Math.min(1, maxGradNorm / (gradNorm + 1e-6)) : 1;
    hostAdamw(this.head, main.gradHead, {
      step,
      lr: options.headLr * factor,
      betas,
      eps,
      weightDecay,
      scale,
    });
    this.#tokens += batch.rows;
    return {
      step,
      loss,
      grad_norm: gradNorm,
      learning_rate: options.lr * factor,
      num_tokens: this.#tokens,
      epoch: (step * options.batch) / this.#documents.length,
      accuracy: main.right / count,
      positive_share: labels.reduce((sum, label) => sum + label, 0) / count,
      ...(term ? { contrastive_loss: term.loss } : {}),
    };
  }

  /** Linear warm-up, then linearly to 0. */
  #schedule(step: number): number {
    const { warmup, steps } = this.#request.options;
    if (step < warmup) return (step + 1) / (warmup + 1);
    return Math.max(0, (steps - step) / Math.max(1, steps - warmup));
  }

  async #save(): Promise<void> {
    const { model, options, onCheckpoint } = this.#request;
    if (!onCheckpoint) return;
    const { backend } = model;
    const state = {
      step: this.#step,
      tokens: this.#tokens,
      options,
      data: this.#data,
      variants: variantsOf(backend),
    };
    const bytes = writeState(kind, state, {
      params: await backend.read(this.#adapter.params),
      m: await backend.read(this.#m),
      v: await backend.read(this.#v),
      'head.params': this.head.params,
      'head.m': this.head.m,
      'head.v': this.head.v,
    });
    await onCheckpoint(bytes, this.#step);
  }
}
