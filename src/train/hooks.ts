/** What every training takes beside its model, data and options: supervised fine-tuning, the reward model, group RL. */
import type { Gate } from '../core/gate';
import type { TrainLog } from '../records/trainLog';
import type { PassSize, Recomputation } from '../lm/recompute';
import type { Tuning } from './tuning';

/** `Saved`: the form in which the training hands out its checkpoints and takes one up. */
export interface TrainHooks<Saved> {
  /** Times the kernel variants before step 1; a resumed training keeps those that its checkpoint names. */
  readonly tuning?: Tuning;
  /** Stops between two units of work: a checkpoint is handed out, then InterruptedError is thrown. */
  readonly signal?: AbortSignal;
  /** Awaited before every unit of work (a step, a rollout): pause, single steps. */
  readonly gate?: Pick<Gate, 'pass' | 'paused'>;
  /** One optimiser step; its figures may be read while the next one is computed. */
  onLog?(log: TrainLog): void;
  /** Every saveEvery steps and when stopped, always between two units of work; awaited. */
  onCheckpoint?(saved: Saved, step: number): void | Promise<void>;
  /** A checkpoint to continue from. */
  readonly resume?: Saved | null;
  /** What a pass of a size begins with; where the device refuses that, less is kept. Default: off. */
  recompute?(size: PassSize): Recomputation;
  /** Owner of the device memory in the ledger. */
  readonly owner?: string;
}
