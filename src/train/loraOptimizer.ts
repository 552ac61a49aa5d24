/**
 * AdamW on the flat parameters of a LoRA adapter: gradient, moments and clipping on the device, divergence and the learning rate
 * on the host. Supervised fine-tuning, the reward model and group RL step through it.
 */
import type { Backend, Tensor } from '../compute/ops';
import { TrainingError } from '../core/errors';
import type { LoraAdapter } from '../lm/types';

export interface AdamwOptions {
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  /** Largest norm of the gradient; 0 = no clipping. */
  readonly maxGradNorm: number;
}

/** The moments in the adapter's layout, as a checkpoint holds them. */
export interface Moments {
  readonly m: Float32Array;
  readonly v: Float32Array;
}

/** A norm that nothing is clipped by, as f32. */
const unbounded = 3e38;

export class LoraOptimizer {
  /** What backward adds to; [params]. */
  readonly gradient: Tensor;
  readonly #backend: Backend;
  readonly #params: Tensor;
  readonly #m: Tensor;
  readonly #v: Tensor;
  /** [1]: the gradient's squared norm, where clipping reads it. */
  readonly #norm: Tensor;
  readonly #owned: Tensor[] = [];

  /** `norm`: an element of a larger tensor to keep the squared norm in, so that one read brings it with other figures. */
  constructor(backend: Backend, adapter: LoraAdapter, owner: string, norm?: Tensor) {
    this.#backend = backend;
    this.#params = adapter.params;
    const make = (label: string, size: number): Tensor => {
      const tensor = backend.tensor([size], { owner, label });
      this.#owned.push(tensor);
      return tensor;
    };
    const { size } = adapter.params;
    try {
      this.gradient = make('LoRA gradient', size);
      this.#m = make('first moment', size);
      this.#v = make('second moment', size);
      this.#norm = norm ?? make('squared norm', 1);
    } catch (error) {
      this.dispose();
      throw error;
    }
    for (const x of [this.#m, this.#v]) backend.fill({ x, value: 0 });
  }

  dispose(): void {
    this.#backend.release(...this.#owned);
  }

  /** Loads parameters and moments of a checkpoint. */
  load(params: Float32Array, { m, v }: Moments): void {
    this.#backend.write(this.#params, params);
    this.#backend.write(this.#m, m);
    this.#backend.write(this.#v, v);
  }

  async moments(): Promise<Moments> {
    return { m: await this.#backend.read(this.#m), v: await this.#backend.read(this.#v) };
  }

  /** Clears the gradient before the passes of a step. */
  zero(): void {
    this.#backend.fill({ x: this.gradient, value: 0 });
  }

  /** Computes the gradient's squared norm on the device. */
  measure(): void {
    this.#backend.sumSquares({ x: this.gradient, out: this.#norm });
  }

  /** The gradient's squared norm, measured and read. */
  async squaredNorm(): Promise<number> {
    this.measure();
    const [squares = Number.NaN] = await this.#backend.read(this.#norm, 0, 1);
    return squares;
  }

  /** Clips by the norm of this gradient together with others: `squares` is the squared norm of all of them. */
  clipBy(squares: number): void {
    this.#backend.write(this.#norm, Float32Array.of(squares));
  }

  /**
   * The optimiser step `step` (from 1) at rate `lr`, clipped by the norm that was measured; where that is not finite nothing changes.
   */
  step(step: number, lr: number, { betas, eps, weightDecay, maxGradNorm }: AdamwOptions): void {
    const [beta1, beta2] = betas;
    this.#backend.adamw({
      param: this.#params,
      grad: this.gradient,
      m: this.#m,
      v: this.#v,
      step,
      lr,
      beta1,
      beta2,
      eps,
      weightDecay,
      clip: { sumSquares: this.#norm, maxNorm: maxGradNorm > 0 ? maxGradNorm : unbounded },
    });
  }
}

/** Null for a finite step, else the TrainingError that names `what` and step `step` (from 1). */
export function divergence(
  what: string,
  step: number,
  { loss, gradNorm }: { readonly loss: number; readonly gradNorm: number },
): TrainingError | null {
  if (Number.isFinite(loss) && Number.isFinite(gradNorm)) return null;
  return new TrainingError(
    `${what} diverged at step ${step}: loss ${loss}, gradient norm ${gradNorm}.`,
    'Lower the learning rate or the maximum gradient norm; the last checkpoint is kept.',
    { details: { step: step - 1, loss: String(loss), gradNorm: String(gradNorm) } },
  );
}
