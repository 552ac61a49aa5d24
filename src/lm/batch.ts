/** The tensors that generation steps need, and the uploads into them: one write per step, or for several. */
import type { Backend, Tensor } from '../compute/ops';
import type { Block } from './paged/blockPool';
import type { KvCache } from './cache';
import {
  createLoraScratch,
  createWorkspace,
  releaseLoraScratch,
  releaseWorkspace,
  runHead,
  runLayers,
  type LoraScratch,
  type Workspace,
} from './forward';
import { Chain, samplesOnDevice, type Answer, type Ask } from './sampling/chain';
import type { LanguageModel, LoraAdapter } from './types';

const round64 = (n: number) => Math.ceil(n / 64) * 64;

/** A batch of up to `rows` token rows of up to `sequences` sequences, of which up to `sequences` rows get logits. */
export class Batch {
  readonly rows: number;
  readonly maxBlocks: number;
  readonly blockSize: number;
  readonly #model: LanguageModel;
  readonly #backend: Backend;
  readonly #owner: string;
  readonly #workspace: Workspace;
  readonly #held: Tensor[] = [];
  /** ids | positions | slots | sequences | logit rows, each at a multiple of 64. */
  readonly #meta: Tensor;
  readonly #parts: readonly Tensor[];
  readonly #host: Uint32Array;
  readonly #stride: number;
  readonly #blockTable: Tensor;
  readonly #tableRow: Uint32Array;
  readonly #headInput: Tensor;
  readonly #qkNormed: Tensor;
  readonly #logits: Tensor;
  readonly #sequences: number;
  #chain: Chain | null = null;
  #adapter: LoraAdapter | null = null;
  #scratch: LoraScratch | null = null;
  #count = 0;
  #outputs = 0;

  /** Throws OutOfMemoryError with nothing left allocated. */
  constructor(
    model: LanguageModel,
    options: { rows: number; sequences: number; blockSize: number; owner: string },
  ) {
    const { backend, config } = model;
    const { rows, sequences, blockSize, owner } = options;
    const make = (shape: readonly number[], label: string, dtype: 'f32' | 'u32' = 'f32'): Tensor => {
      const tensor = backend.tensor(shape, { owner, label, dtype });
      this.#held.push(tensor);
      return tensor;
    };
    this.#model = model;
    this.#backend = backend;
    this.#owner = owner;
    this.rows = rows;
    this.#sequences = sequences;
    this.blockSize = blockSize;
    this.maxBlocks = Math.ceil(model.maxContext / blockSize);
    this.#stride = round64(rows);
    this.#host = new Uint32Array(5 * this.#stride);
    this.#tableRow = new Uint32Array(this.maxBlocks);
    this.#workspace = createWorkspace(model, rows, owner);
    try {
      this.#meta = make([5 * this.#stride], 'batch rows', 'u32');
      this.#parts = [0, 1, 2, 3, 4].map((part) => backend.view(this.#meta, part * this.#stride, [rows]));
      this.#blockTable = make([sequences, this.maxBlocks], 'block table', 'u32');
      this.#headInput = make([sequences, config.hidden], 'head input');
      this.#qkNormed = make([sequences, config.hidden], 'head normed');
      this.#logits = make([sequences, config.vocab], 'logits');
      if (samplesOnDevice(model)) this.#chain = new Chain(model, sequences, owner);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Rows added since `clear`. */
  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#count = 0;
    this.#outputs = 0;
  }

  /** Gives which blocks row `sequence` of the block table has; those before `from` are there already. */
  setBlocks(sequence: number, blocks: readonly Block[], from = 0): void {
    blocks.slice(from).forEach((block, i) => (this.#tableRow[i] = block.index));
    const used = this.#tableRow.subarray(0, blocks.length - from);
    this.#backend.write(this.#blockTable, used, sequence * this.maxBlocks + from);
  }

  /** Adds one token; `wanted`: its logits are read back (in the order of adding). */
  add(id: number, position: number, slot: number, sequence: number, wanted: boolean): void {
    const row = this.#count++;
    const stride = this.#stride;
    this.#host[row] = id;
    this.#host[stride + row] = position;
    this.#host[2 * stride + row] = slot;
    this.#host[3 * stride + row] = sequence;
    if (wanted) this.#host[4 * stride + this.#outputs++] = row;
  }

  /** Adapter of the rows to come. */
  setAdapter(adapter: LoraAdapter | null): void {
    if (adapter === this.#adapter) return;
    if (this.#scratch) releaseLoraScratch(this.#backend, this.#scratch);
    this.#scratch = null;
    this.#adapter = adapter;
    if (adapter) this.#scratch = createLoraScratch(this.#backend, adapter, this.rows, this.#owner);
  }

  /** Runs the rows; returns the wanted logits, row-major [wanted, vocab]. */
  async run(cache: KvCache): Promise<Float32Array> {
    const wanted = this.#record(cache);
    if (wanted > 0) return this.#backend.read(this.#logits, 0, wanted * this.#model.config.vocab);
    await this.#backend.finish();
    return new Float32Array(0);
  }

  /** Runs the rows and, where tokens are wanted of them, as many further steps; an ask for each row that is wanted, in their order. */
  async runChain(cache: KvCache, asks: readonly Ask[]): Promise<Answer[]> {
    const wanted = this.#record(cache);
    if (wanted === 0) {
      await this.#backend.finish();
      return [];
    }
    const model = this.#model;
    this.#chain ??= new Chain(model, this.#sequences, this.#owner);
    const shared = { adapter: this.#adapter, scratch: this.#scratch };
    return this.#chain.run(asks, this.#logits, ({ ids, rows, ...attended }) => {
      const plan = { ...this.#paged(cache), ...attended };
      runLayers(model, this.#workspace, { ids, rows, plan, ...shared });
      runHead(model, this.#workspace.x, this.#qkNormed, this.#logits, rows);
    });
  }

  #paged(cache: KvCache) {
    return {
      type: 'paged' as const,
      blockTable: this.#blockTable,
      maxBlocks: this.maxBlocks,
      blockSize: this.blockSize,
      kCaches: cache.kCaches,
      vCaches: cache.vCaches,
    };
  }

  /** Records the rows; returns of how many there are logits. */
  #record(cache: KvCache): number {
    const backend = this.#backend;
    const model = this.#model;
    const [ids, positions, slots, sequences, indices] = this.#parts as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    backend.write(this.#meta, this.#host);
    const places = this.#host.subarray(this.#stride, 2 * this.#stride);
    const plan = { ...this.#paged(cache), positions, places, slots, sequences };
    const rows = this.#count;
    runLayers(model, this.#workspace, { ids, rows, plan, adapter: this.#adapter, scratch: this.#scratch });
    const wanted = this.#outputs;
    if (wanted === 0) return 0;
    let x = this.#workspace.x;
    if (wanted < rows) {
      x = this.#headInput;
      backend.gatherRows({ x: this.#workspace.x, indices, y: x, rows: wanted, cols: model.config.hidden });
    }
    runHead(model, x, this.#qkNormed, this.#logits, wanted);
    return wanted;
  }

  dispose(): void {
    this.setAdapter(null);
    this.#chain?.dispose();
    this.#chain = null;
    releaseWorkspace(this.#backend, this.#workspace);
    this.#backend.release(...this.#held);
    this.#held.length = 0;
  }
}
