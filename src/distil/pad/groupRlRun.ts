/** One group-RL training: rollouts, updates, evaluations, checkpoints between rollouts. */
import * as v from 'valibot';
import { canonical } from '../../core/canonical';
import { ConfigError, InterruptedError, throwIfAborted } from '../../core/errors';
import type { PadSweep } from '../../records/padRecords';
import type { TrainLog } from '../../records/trainLog';
import { hashKey } from '../../core/rng';
import { Generator } from '../../lm/generate';
import type { LoraAdapter } from '../../lm/types';
import { DocumentOrder, learningRate } from '../../train/options';
import { variantsOf } from '../../lm/variantsOf';
import { useVariants } from '../../train/resume';
import { readState, writeState } from '../../train/stateFile';
import { leaveOneOut, rewardFigures, sampleReward, whiten, zScore, type CreditSample } from './credit';
import { detectHacking, type Evaluation, type HackingStop, type OffendingSample, type RolloutPoint } from './hacking'; // prettier-ignore
import { PolicyTrainer, type UpdateResult } from './policyTrainer';
import { greedyVerdicts, offenders, sampleGroups, secondAnswers, type PolicySample, type RlQuestion } from './rollout'; // prettier-ignore
import type { LanguageModel, Tokenizer } from '../../lm/types';
import type { TrainHooks } from '../../train/hooks';
import type { RewardModel } from './rewardModel';
import { type GroupRlOptions } from './rlOptions';

export interface GroupRlRequest extends TrainHooks<Uint8Array<ArrayBuffer>> {
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
  /** PEFT files to start from, null for a fresh adapter. */
  readonly init: Readonly<Record<string, Uint8Array>> | null;
  readonly questions: readonly RlQuestion[];
  readonly heldOut: readonly RlQuestion[];
  /** Needed by the modes process and both. */
  readonly rewardModel: RewardModel | null;
  readonly options: GroupRlOptions;
  /** What the PEFT files name as their base. Default "student". */
  readonly baseName?: string;
}

const kind = 'policy';

/** All that is not a tensor and changes from rollout to rollout. */
interface RunState {
  readonly step: number;
  readonly rollout: number;
  readonly samples: number;
  /** Tokens generated, and those with their prompts. */
  readonly generatedTokens: number;
  readonly allTokens: number;
  readonly rollouts: readonly RolloutPoint[];
  readonly evaluations: readonly Evaluation[];
  /** Which held-out questions were right at the first evaluation. */
  readonly start: readonly boolean[] | null;
  readonly offenders: readonly OffendingSample[];
  /** The last update's log; goes to onLog once the evaluation that may follow it is done. */
  readonly pending: TrainLog | null;
}

const stateSchema = v.object({
  state: v.custom<RunState>((value) => typeof value === 'object' && value !== null && 'rollouts' in value),
  options: v.unknown(),
  data: v.number(),
  variants: v.nullable(v.string()),
  /** What its learning rate was chosen from. */
  sweep: v.custom<PadSweep | null>((value) => typeof value === 'object'),
});

/** The learning rate of a checkpoint and what it was chosen from; null of one that is none. */
export async function rateOf(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<{ readonly lr: number; readonly sweep: PadSweep | null } | null> {
  const found = v.safeParse(
    v.object({ ...stateSchema.entries, options: v.object({ lr: v.number() }) }),
    (await readState(kind, bytes)).state,
  );
  return found.success ? { lr: found.output.options.lr, sweep: found.output.sweep } : null;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** The settings that must not change between the parts of one training. */
const fixed = (options: unknown): string => canonical({ ...(options as object), saveEvery: 0 });

export class GroupRlRun {
  readonly #request: GroupRlRequest;
  readonly #adapter: LoraAdapter;
  readonly #generator: Generator;
  readonly #trainer: PolicyTrainer;
  readonly #order: DocumentOrder;
  readonly #sweep: PadSweep | null;
  #state: RunState = {
    step: 0,
    rollout: 0,
    samples: 0,
    generatedTokens: 0,
    allTokens: 0,
    rollouts: [],
    evaluations: [],
    start: null,
    offenders: [],
    pending: null,
  };

  /** `reference`: the adapter of the policy that RL starts from, which the divergence is taken to; null for the base. */
  constructor(
    request: GroupRlRequest,
    adapter: LoraAdapter,
    {
      reference,
      owner,
      sweep,
    }: { readonly reference: LoraAdapter | null; readonly owner: string; readonly sweep: PadSweep | null },
  ) {
    this.#sweep = sweep;
    const { model, tokenizer, options, questions } = request;
    this.#request = request;
    this.#adapter = adapter;
    this.#order = new DocumentOrder(questions.length, 'shuffle', options.seed);
    const { recompute } = request;
    this.#trainer = new PolicyTrainer(model, adapter, options, owner, reference, recompute);
    this.#generator = new Generator(model, tokenizer, { owner, maxSequences: 128 });
  }

  get totals(): Pick<RunState, 'samples' | 'generatedTokens' | 'evaluations'> {
    return this.#state;
  }

  /** Restores a checkpoint. Throws FileFormatError, and ConfigError for other settings or questions. */
  async resume(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { model, options } = this.#request;
    const file = await readState(kind, bytes);
    const found = v.safeParse(stateSchema, file.state);
    if (
      !found.success ||
      fixed(found.output.options) !== fixed(options) ||
      found.output.data !== this.#data()
    )
      throw new ConfigError(
        'The checkpoint of the policy was made with other settings or questions.',
        'Resume with the same settings and questions, or start again.',
      );
    this.#state = found.output.state;
    useVariants(model.backend, found.output.variants);
    const { size } = this.#adapter.params;
    const moments = { m: file.tensor('m', size), v: file.tensor('v', size) };
    this.#trainer.optimizer.load(file.tensor('params', size), moments);
  }

  async go(): Promise<{ logs: TrainLog[]; stopped: HackingStop | null }> {
    const { options, signal, gate } = this.#request;
    const logs: TrainLog[] = [];
    const tell = (log: TrainLog): void => {
      logs.push(log);
      this.#request.onLog?.(log);
    };
    try {
      for (;;) {
        const { step } = this.#state;
        if (this.#evaluationDue()) await this.#evaluate();
        if (this.#state.pending) tell(this.#state.pending);
        this.#state = { ...this.#state, pending: null };
        const stopped = this.#hacking();
        if (stopped || step >= options.updates) return { logs, stopped };
        throwIfAborted(signal);
        await gate?.pass(signal);
        await this.#advance(tell);
        const { saveEvery } = options;
        const saved =
          saveEvery > 0 && Math.floor(this.#state.step / saveEvery) > Math.floor(step / saveEvery);
        if (saved && this.#state.step < options.updates) await this.#save();
      }
    } catch (error) {
      // Sampling and evaluation change nothing, and updates are not interrupted: the state is a rollout's end.
      if (error instanceof InterruptedError) await this.#save();
      throw error;
    }
  }

  async dispose(): Promise<void> {
    this.#trainer.dispose();
    await this.#generator.dispose();
  }

  #evaluationDue(): boolean {
    const { heldOut, options } = this.#request;
    const { step, evaluations } = this.#state;
    const last = evaluations.at(-1);
    if (heldOut.length === 0 || last?.step === step) return false;
    if (!last || step >= options.updates) return true;
    return options.evalEvery > 0 && step - last.step >= options.evalEvery;
  }

  async #evaluate(): Promise<void> {
    const { heldOut, tokenizer, options, signal } = this.#request;
    const right = await greedyVerdicts(
      { generator: this.#generator, tokenizer, adapter: this.#adapter, options, signal },
      heldOut,
    );
    const { step, evaluations, pending } = this.#state;
    const start = this.#state.start ?? right;
    const n = heldOut.length;
    const accuracy = right.filter(Boolean).length / n;
    const lost = start.filter((was, i) => was && !right[i]).length;
    const gained = start.filter((was, i) => !was && right[i]).length;
    this.#state = {
      ...this.#state,
      start,
      evaluations: [...evaluations, { step, accuracy, n, lost, gained }],
      pending: pending && { ...pending, eval_accuracy: accuracy },
    };
  }

  #hacking(): HackingStop | null {
    const { hacking } = this.#request.options;
    const { rollouts, evaluations, offenders: samples, step } = this.#state;
    if (!hacking || evaluations.at(-1)?.step !== step) return null;
    const found = detectHacking(rollouts, evaluations, hacking);
    return found && { ...found, samples };
  }

  /** A rollout and its updates. Throws InterruptedError before anything has changed. */
  async #advance(tell: (log: TrainLog) => void): Promise<void> {
    const { tokenizer, options, rewardModel, signal, questions } = this.#request;
    const place = this.#state.rollout * options.questions;
    const chosen = Array.from({ length: options.questions }, (_, i) => questions[this.#order.at(place + i)]!);
    const groups = await sampleGroups(
      { generator: this.#generator, tokenizer, adapter: this.#adapter, rewardModel, options, signal },
      chosen,
      place,
    );
    const samples = groups.flat();
    const kept = (sample: PolicySample): boolean =>
      sample.ids.length > 0 && !(options.guards.maskTruncated && sample.truncated);
    const packed = this.#trainer.pack(
      groups.map((group) =>
        group.map((sample) => ({
          example: { ids: [...sample.promptIds, ...sample.ids], responseStart: sample.promptIds.length },
          kept: kept(sample),
        })),
      ),
    );
    const { reference, policy, raw } = await this.#trainer.likelihoods(packed);
    const advantages = this.#advantages(groups, policy, reference, kept);
    const metrics = this.#metrics(groups, { policy, reference, raw });
    this.#count(samples, metrics);

    let { step } = this.#state;
    let fresh = true;
    for (let pass = 0; pass < options.iterations; pass++) {
      for (let part = 0; part < packed.minibatches.length && step < options.updates; part++) {
        const lr = learningRate({ ...options, steps: options.updates }, step);
        step++;
        const result = await this.#trainer.update(
          packed,
          part,
          { old: policy, reference, advantages },
          { fresh, adam: { step, lr } },
        );
        fresh = false;
        if (this.#state.pending) tell(this.#state.pending);
        this.#state = { ...this.#state, step, pending: this.#log(step, lr, result, metrics) };
      }
    }
    this.#state = { ...this.#state, rollout: this.#state.rollout + 1 };
  }

  /** One advantage a token, in the order of the packed rollout. */
  #advantages(
    groups: readonly (readonly PolicySample[])[],
    policy: Float32Array,
    reference: Float32Array,
    kept: (sample: PolicySample) => boolean,
  ): Float64Array {
    const { advantage, whiten: whitens, klForm, klWeight } = this.#request.options;
    let at = 0;
    const all = groups.map((group) => {
      const credits = group.map(({ credit }): CreditSample => {
        let divergence = 0;
        for (const end = at + credit.tokens; at < end; at++) divergence += reference[at]! - policy[at]!;
        return klForm === 'k1-reward'
          ? { ...credit, outcome: credit.outcome - klWeight * divergence }
          : credit;
      });
      return advantage === 'rloo' ? leaveOneOut(credits) : zScore(credits);
    });
    if (advantage === 'rloo' && whitens) {
      const counted = groups.flatMap((group, g) =>
        group.flatMap((sample, i) => (kept(sample) ? all[g]![i]! : [])),
      );
      whiten(counted);
    }
    return Float64Array.from(all.flat().flatMap((values) => [...values]));
  }

  #count(samples: readonly PolicySample[], metrics: Readonly<Record<string, number>>): void {
    const state = this.#state;
    const tokens = samples.reduce((sum, { ids }) => sum + ids.length, 0);
    const prompts = samples.reduce((sum, { promptIds }) => sum + promptIds.length, 0);
    const point = {
      step: state.step,
      reward: metrics['reward'] ?? 0,
      length: metrics['completions/mean_length'] ?? 0,
      repetition: metrics['completions/repetition'] ?? 0,
    };
    this.#state = {
      ...state,
      samples: state.samples + samples.length,
      generatedTokens: state.generatedTokens + tokens,
      allTokens: state.allTokens + tokens + prompts,
      rollouts: [...state.rollouts, point],
      offenders: offenders(samples.map((sample) => ({ sample, reward: sampleReward(sample.credit) }))),
    };
  }

  /** What is the same for every update of a rollout. */
  #metrics(
    groups: readonly (readonly PolicySample[])[],
    nll: { policy: Float32Array; reference: Float32Array; raw: Float32Array },
  ): Record<string, number> {
    const { reward: mode, klForm } = this.#request.options;
    const samples = groups.flat();
    const rewards = groups.map((group) => group.map(({ credit }) => sampleReward(credit)));
    const lengths = samples.map(({ ids }) => ids.length);
    const process = samples.map(({ credit }) => sampleReward(credit) - credit.outcome);
    const differences = samples.flatMap(({ logprobs }) => logprobs).map((p, i) => Math.abs(p + nll.raw[i]!));
    const entropy = mean([...nll.policy]);
    return {
      ...rewardFigures(rewards),
      'rewards/verifiable/mean': mean(samples.map(({ correct }) => Number(correct))),
      ...(mode === 'verifiable' ? {} : { 'rewards/process/mean': mean(process) }),
      ...secondAnswers(samples),
      // The mean of -log p over sampled tokens: the entropy's estimate at the sampling temperature.
      entropy,
      ...(klForm === 'k1-reward' ? { kl: mean([...nll.reference]) - entropy } : {}),
      'completions/mean_length': mean(lengths),
      'completions/min_length': Math.min(...lengths),
      'completions/max_length': Math.max(...lengths),
      'completions/clipped_ratio': mean(samples.map(({ truncated }) => Number(truncated))),
      'completions/repetition': mean(samples.map(({ repetition }) => repetition)),
      'sampling/sampling_logp_difference/mean': mean(differences),
      'sampling/sampling_logp_difference/max': differences.reduce((most, value) => Math.max(most, value), 0),
    };
  }

  #log(step: number, lr: number, result: UpdateResult, metrics: Readonly<Record<string, number>>): TrainLog {
    const { options, questions } = this.#request;
    return {
      kl: result.kl,
      ...metrics,
      step,
      loss: result.loss,
      grad_norm: result.gradNorm,
      learning_rate: lr,
      num_tokens: this.#state.allTokens,
      epoch: ((this.#state.rollout + 1) * options.questions) / questions.length,
      'clip_ratio/region_mean': result.clippedLow + result.clippedHigh,
      'clip_ratio/low_mean': result.clippedLow,
      'clip_ratio/high_mean': result.clippedHigh,
      'completions/num_tokens': this.#state.generatedTokens,
    };
  }

  async #save(): Promise<void> {
    const { model, options, onCheckpoint } = this.#request;
    if (!onCheckpoint) return;
    const { backend } = model;
    const state = {
      state: this.#state,
      options,
      data: this.#data(),
      variants: variantsOf(backend),
      sweep: this.#sweep,
    };
    const bytes = writeState(kind, state, {
      params: await backend.read(this.#adapter.params),
      ...(await this.#trainer.optimizer.moments()),
    });
    await onCheckpoint(bytes, this.#state.step);
  }

  /** Fingerprint of the questions and their answers. */
  #data(): number {
    const { questions, heldOut } = this.#request;
    const names = (list: readonly RlQuestion[]): string[] => list.flatMap(({ id, gold }) => [id, gold]);
    return hashKey(...names(questions), 'held out', ...names(heldOut));
  }
}
