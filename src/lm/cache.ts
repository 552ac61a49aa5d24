/** The tensors of the paged key-value cache; which positions of it are whose, blockPool.ts knows. */
import { canHalve as halves } from '../compute/shapes';
import type { Backend, Tensor } from '../compute/ops';
import { OutOfMemoryError } from '../core/errors';
import type { LanguageModel } from './types';

/** Whether keys and values of a model can be kept as pairs of f16. */
export function canHalve({ headDim, block }: HalvedHeads): boolean {
  return halves({ headDim, rotated: block?.rotated ?? headDim });
}

interface HalvedHeads {
  readonly headDim: number;
  /** Every element is rotated where nothing is said. */
  readonly block?: { readonly rotated: number | null };
}

/** The cache's tensors: per layer k and v [slots, kvHeads * headDim], f32 or pairs of f16. Grows on demand, keeping its contents. */
export class KvCache {
  kCaches: Tensor[] = [];
  vCaches: Tensor[] = [];
  readonly #model: LanguageModel;
  readonly #backend: Backend;
  readonly #owner: string;
  #slots = 0;

  constructor(model: LanguageModel, owner: string) {
    this.#model = model;
    this.#backend = model.backend;
    this.#owner = owner;
  }

  /** Bytes of one position in the keys or values of a layer. */
  static bytesOfOne({ config, halfCache }: LanguageModel): number {
    return config.kvHeads * config.headDim * (halfCache ? 2 : 4);
  }

  /** Bytes of one position over all layers. */
  static bytesPerToken(model: LanguageModel): number {
    return 2 * model.config.layers * KvCache.bytesOfOne(model);
  }

  /** Makes room for `slots` positions. Throws OutOfMemoryError; what is there stays usable then. */
  async grow(slots: number): Promise<void> {
    if (slots <= this.#slots) return;
    const { layers } = this.#model.config;
    // In words of 32 bits.
    const width = KvCache.bytesOfOne(this.#model) / 4;
    const oldSize = this.#slots * width;
    for (const caches of [this.kCaches, this.vCaches]) {
      for (let layer = 0; layer < layers; layer++) {
        const label = `${caches === this.kCaches ? 'k' : 'v'} cache ${layer}`;
        const old = caches[layer];
        // An attempt that was refused half way has left larger ones.
        if (old && old.size >= slots * width) continue;
        const grown = await this.#allocate([slots, width], label);
        if (old) {
          this.#backend.copy({ x: old, y: grown, size: oldSize });
          this.#backend.release(old);
        }
        caches[layer] = grown;
      }
    }
    await this.#backend.finish();
    this.#slots = slots;
  }

  /** Memory that the device has granted. Where it refuses, the old caches' release is waited for and it is asked again. */
  async #allocate(shape: readonly number[], label: string): Promise<Tensor> {
    const dtype = this.#model.halfCache ? 'u32' : 'f32';
    for (let attempt = 0; ; attempt++) {
      const tensor = this.#backend.tensor(shape, { owner: this.#owner, label, dtype });
      try {
        await this.#backend.settle();
        return tensor;
      } catch (error) {
        this.#backend.release(tensor);
        if (!(error instanceof OutOfMemoryError) || attempt > 0) throw error;
        await this.#backend.finish();
      }
    }
  }

  dispose(): void {
    this.#backend.release(...this.kCaches, ...this.vCaches);
    this.kCaches = [];
    this.vCaches = [];
    this.#slots = 0;
  }
}
