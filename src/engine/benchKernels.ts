/** The kernels that matter, at sizes of Qwen2.5-0.5B (fewer rows on a slow device): GFLOP/s and GB/s. */
import { Maker } from '../compute/opCase';
import type { Backend, Matrix, Mode, Tensor, WeightFormat } from '../compute/ops';
import { OutOfMemoryError, throwIfAborted } from '../core/errors';
import { modelShapes } from '../lm/shaped/emptyModel';
import { RandomRows } from '../lm/shaped/randomModel';
import type { KernelFigure } from '../wire/deviceBench';

/** Makes what one measurement needs, of any contents. */
class Parts extends Maker {
  readonly #random: RandomRows;

  constructor(backend: Backend) {
    super(backend, 'bench', 'bench');
    this.#random = new RandomRows(backend, 1);
  }

  tensor(...shape: number[]): Tensor {
    const made = this.empty('bench', shape);
    this.backend.fill({ x: made, value: 0.01 });
    return made;
  }

  weights(rows: number, cols: number, format: WeightFormat): Matrix {
    const made = this.emptyMatrix('bench', rows, cols, format);
    this.#random.fill(made);
    return made;
  }
}

/** One op, ready to be recorded. */
interface Prepared {
  record(): void;
  readonly shape: string;
  /** Floating-point operations; null where it only moves data. */
  readonly flops: number | null;
  /** Bytes that it reads and writes at least. */
  readonly bytes: number;
}

interface KernelBench {
  readonly kernel: string;
  readonly format: WeightFormat | null;
  /** Rows to try, fewest first: as long as they fit into the time. */
  readonly rows: readonly number[];
  prepare(parts: Parts, rows: number): Prepared;
}

const { hidden, ffn, heads, kvHeads, headDim, vocab } = modelShapes['Qwen2.5-0.5B'];
const shape = { heads, kvHeads, headDim };
const fused = (heads + 2 * kvHeads) * headDim;
const few = [1];
const many = [8, 64, 512];

export const linearName = (mode: Mode): string => `linear (${mode})`;

function linear(format: WeightFormat, mode: Mode, rows: readonly number[]): KernelBench {
  return {
    kernel: linearName(mode),
    format,
    rows,
    prepare: (parts, count) => {
      const outputs = 2 * ffn;
      const weight = parts.weights(outputs, hidden, format);
      const x = parts.tensor(count, hidden);
      const y = parts.tensor(count, outputs);
      return {
        record: () => parts.backend.linear({ x, weight, y, rows: count, mode }),
        shape: `${count} x ${hidden} x ${outputs}`,
        flops: 2 * count * hidden * outputs,
        bytes: weight.bytes + 4 * count * (hidden + outputs),
      };
    },
  };
}

const linearBackward: KernelBench = {
  kernel: 'linearBackward',
  format: 'f16',
  rows: many,
  prepare: (parts, rows) => {
    const outputs = 2 * ffn;
    const weight = parts.weights(outputs, hidden, 'f16');
    const [dy, dx] = [parts.tensor(rows, outputs), parts.tensor(rows, hidden)];
    return {
      record: () => parts.backend.linearBackward({ dy, weight, dx, rows, accumulate: false }),
      shape: `${rows} x ${outputs} x ${hidden}`,
      flops: 2 * rows * hidden * outputs,
      bytes: weight.bytes + 4 * rows * (hidden + outputs),
    };
  },
};

/** Rows of one document. */
function attention(backward: boolean): KernelBench {
  return {
    kernel: backward ? 'attentionBackward' : 'attention',
    format: null,
    rows: [32, 128, 512],
    prepare: (parts, rows) => {
      const spans = Uint32Array.from({ length: 2 * rows }, (_, i) => (i % 2 === 0 ? 0 : rows));
      const documents = parts.u32('bench', [rows, 2], spans);
      const [qkv, dqkv] = [parts.tensor(rows, fused), parts.tensor(rows, fused)];
      const [out, dout] = [parts.tensor(rows, heads * headDim), parts.tensor(rows, heads * headDim)];
      const [lse, delta] = [parts.tensor(rows, heads), parts.tensor(rows, heads)];
      const { backend } = parts;
      const all = { ...shape, qkv, documents, out, lse, rows, spans };
      // Two products for a pair of query and key, five for its gradients.
      const pairs = (heads * rows * (rows + 1)) / 2;
      return {
        record: () =>
          backward ? backend.attentionBackward({ ...all, dout, delta, dqkv }) : backend.attention(all),
        shape: `${rows} x ${heads}/${kvHeads} x ${headDim}`,
        flops: (backward ? 5 : 2) * 2 * pairs * headDim,
        bytes: 4 * rows * (fused + heads * headDim) * (backward ? 2 : 1),
      };
    },
  };
}

/** One query of a sequence that is `length` long. */
const attentionPaged: KernelBench = {
  kernel: 'attentionPaged',
  format: null,
  rows: [256, 1024, 4096],
  prepare: (parts, length) => {
    const blockSize = 16;
    const maxBlocks = length / blockSize;
    const cache = (): Tensor => parts.tensor(length, kvHeads * headDim);
    const op = {
      ...{ ...shape, maxBlocks, blockSize, rows: 1 },
      qkv: parts.tensor(1, fused),
      kCache: cache(),
      vCache: cache(),
      out: parts.tensor(1, heads * headDim),
      sequences: parts.u32('bench', [1], Uint32Array.of(0)),
      positions: parts.u32('bench', [1], Uint32Array.of(length - 1)),
      blockTable: parts.u32(
        'bench',
        [1, maxBlocks],
        Uint32Array.from({ length: maxBlocks }, (_, i) => i),
      ),
      places: Uint32Array.of(length - 1),
    };
    return {
      record: () => parts.backend.attentionPaged(op),
      shape: `1 of ${length} x ${heads}/${kvHeads} x ${headDim}`,
      flops: 2 * 2 * heads * length * headDim,
      bytes: 2 * 4 * length * kvHeads * headDim,
    };
  },
};

const moves: readonly KernelBench[] = [
  {
    kernel: 'rmsNorm',
    format: null,
    rows: many,
    prepare: (parts, rows) => {
      const [x, y, weight] = [
        parts.tensor(rows, hidden),
        parts.tensor(rows, hidden),
        parts.tensor(hidden),
      ] as const;
      return {
        record: () => parts.backend.rmsNorm({ x, weight, y, rows, cols: hidden, eps: 1e-6 }),
        shape: `${rows} x ${hidden}`,
        flops: null,
        bytes: 8 * rows * hidden,
      };
    },
  },
  {
    kernel: 'swiglu',
    format: null,
    rows: many,
    prepare: (parts, rows) => {
      const [gateUp, y] = [parts.tensor(rows, 2 * ffn), parts.tensor(rows, ffn)];
      return {
        record: () => parts.backend.swiglu({ gateUp, y, rows, ffn }),
        shape: `${rows} x ${ffn}`,
        flops: null,
        bytes: 12 * rows * ffn,
      };
    },
  },
  {
    kernel: 'crossEntropy',
    format: null,
    rows: [4, 16, 64],
    prepare: (parts, rows) => {
      const logits = parts.tensor(rows, vocab);
      const targets = parts.u32('bench', [rows], new Uint32Array(rows));
      const [nll, rowWeights] = [parts.tensor(rows), parts.tensor(rows)];
      return {
        record: () => parts.backend.crossEntropy({ logits, targets, nll, rows, vocab, rowWeights }),
        shape: `${rows} x ${vocab}`,
        flops: null,
        // Read for the sum, read and written for the gradient.
        bytes: 12 * rows * vocab,
      };
    },
  },
  {
    kernel: 'adamw',
    format: null,
    rows: [1 << 16, 1 << 20, 1 << 23],
    prepare: (parts, size) => {
      const [param, grad, m, v] = [
        parts.tensor(size),
        parts.tensor(size),
        parts.tensor(size),
        parts.tensor(size),
      ];
      const rates = { step: 1, lr: 1e-4, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0 };
      return {
        record: () => parts.backend.adamw({ param, grad, m, v, ...rates }),
        shape: String(size),
        flops: null,
        bytes: 28 * size,
      };
    },
  },
];

const lora: KernelBench = {
  kernel: 'loraGradAB',
  format: null,
  rows: many,
  prepare: (parts, rows) => {
    const rank = 16;
    const outputs = 2 * ffn;
    const segments = [0, 1].map((s) => ({ start: s * ffn, count: ffn, bRow: s * ffn }));
    const [a, b] = [parts.tensor(2 * rank, hidden), parts.tensor(outputs, rank)];
    const [gradA, gradB] = [parts.tensor(2 * rank, hidden), parts.tensor(outputs, rank)];
    const [x, dy] = [parts.tensor(rows, hidden), parts.tensor(rows, outputs)];
    const [u, du] = [parts.tensor(rows, 2 * rank), parts.tensor(rows, 2 * rank)];
    const group = { a, b, rank, scale: 1, segments };
    return {
      record: () =>
        parts.backend.loraGradAB({ x, dy, u, du, group, gradA, gradB, rows, inputs: hidden, outputs }),
      shape: `${rows} x ${hidden} x ${outputs}, rank ${rank}`,
      flops: 2 * rows * rank * (2 * hidden + outputs),
      bytes: 4 * rows * (hidden + outputs + 4 * rank),
    };
  },
};

const benches: readonly KernelBench[] = [
  ...(['f32', 'f16', 'q8', 'q4'] as const).flatMap((format) => [
    linear(format, 'generate', few),
    linear(format, 'generate', [8, 64]),
  ]),
  linear('f16', 'train', many),
  linear('q4', 'train', many),
  linearBackward,
  attention(false),
  attention(true),
  attentionPaged,
  ...moves,
  lora,
];

/** How long a measurement should be, and what one op may take before it is not tried with more rows. */
export interface BenchPatience {
  readonly wantedMs: number;
  readonly mostMs: number;
}
const rounds = 3;

/** Milliseconds of one op: as many in a row as make the wait at their end small beside them; the fastest of some rounds. */
async function timeOf(backend: Backend, record: () => void, wantedMs: number): Promise<number> {
  const timed = async (count: number): Promise<number> => {
    const began = performance.now();
    for (let i = 0; i < count; i++) record();
    await backend.finish();
    return performance.now() - began;
  };
  await timed(1); // compiles
  const wait = await timed(0);
  let count = 1;
  let best = await timed(count);
  while (best < Math.max(wantedMs, 8 * wait) && count < 4096) best = await timed((count *= 2));
  for (let round = 1; round < rounds; round++) best = Math.min(best, await timed(count));
  return Math.max(best - wait, best / 2) / count;
}

/** Sizes that do not fit into memory are left out. Rejects with InterruptedError when it is aborted. */
export async function benchKernels(
  backend: Backend,
  { wantedMs, mostMs }: BenchPatience,
  { signal, onRow }: { readonly signal: AbortSignal; readonly onRow: (row: KernelFigure) => void },
): Promise<readonly KernelFigure[]> {
  const figures: KernelFigure[] = [];
  for (const { kernel, format, rows, prepare } of benches) {
    let row: KernelFigure | null = null;
    for (const [i, count] of rows.entries()) {
      throwIfAborted(signal);
      // From what fewer rows took: more that would take too long are left out.
      if (row && row.ms * (count / (rows[i - 1] ?? count)) > mostMs) break;
      const parts = new Parts(backend);
      try {
        const work = prepare(parts, count);
        await backend.settle();
        const ms = await timeOf(backend, work.record, wantedMs);
        const each = (amount: number): number => amount / ms / 1e6;
        row = {
          kernel,
          format,
          shape: work.shape,
          ms,
          gflops: work.flops === null ? null : each(work.flops),
          gbps: each(work.bytes),
        };
      } catch (error) {
        if (error instanceof OutOfMemoryError) break;
        throw error;
      } finally {
        parts.free();
      }
    }
    if (!row) continue;
    figures.push(row);
    onRow(row);
  }
  return figures;
}
