/** Every kernel, in every variant, against the f64 reference at a ragged and at a typical shape. */
import { ConfigError } from '../core/errors';
import type { SelftestReport, SelftestRow } from './selftestReport';
import { kernelSources } from '../gpu/kernels';
import { defaultVariants, tiles, type Variants } from '../gpu/variants';
import type { GpuBackend } from './gpuBackend';
import { largestError, type OpCase } from './opCase';
import { attentionCases } from './opCasesAttention';
import { linearCases } from './opCasesLinear';
import { rowCases } from './opCasesRows';
import { samplingCase } from './sampling/opCasesSampling';
import type { Backend } from './ops';
import { createReferenceBackend } from './referenceBackend';

export interface SelftestOptions {
  /** Only this kernel. */
  readonly kernel?: string | null;
  /** Corrupts one output of this kernel's cases: the test of the test. */
  readonly break?: string | null;
  readonly signal?: AbortSignal;
  readonly onRow?: (row: SelftestRow) => void;
}

interface Entry {
  readonly test: OpCase;
  readonly variants?: Partial<Omit<Variants, 'shapes'>>;
}

const heads = { heads: 4, kvHeads: 2, headDim: 16 };
const formats = ['f32', 'f16', 'bf16', 'q8', 'q4'] as const;
const oddHeads = { heads: 3, kvHeads: 1, headDim: 6 };

/** What runs on every backend, in its default form. */
export function commonCases(): OpCase[] {
  return [
    rowCases.fill(65),
    rowCases.fill(4096),
    rowCases.copy(65, true),
    rowCases.copy(4096, false),
    ...formats.map((format) => rowCases.embed(7, 65, 65, format)),
    rowCases.embed(64, 70, 64, 'f32'),
    rowCases.gatherRows(7, 65),
    rowCases.gatherRows(64, 64),
    rowCases.scatterRows(7, 65),
    rowCases.scatterRows(64, 64),
    rowCases.rmsNorm(7, 65),
    rowCases.rmsNorm(80, 64),
    rowCases.rmsNormBackward(7, 65, true),
    rowCases.rmsNormBackward(80, 64, false),
    rowCases.qkNorm(5, oddHeads),
    rowCases.qkNorm(80, heads),
    rowCases.qkNorm(5, oddHeads, true),
    rowCases.swiglu(7, 65),
    rowCases.swiglu(80, 192),
    rowCases.swiglu(7, 65, 'gelu'),
    rowCases.scale(65),
    rowCases.softCap(65),
    attentionCases.rope(5, oddHeads),
    attentionCases.rope(80, heads),
    attentionCases.rope(5, { ...oddHeads, rotated: 4 }),
    attentionCases.attention(65, oddHeads, 64),
    attentionCases.attention(160, heads, 80),
    attentionCases.attentionPaged(7, oddHeads, 4),
    attentionCases.attentionPaged(33, heads, 16),
    attentionCases.attentionDecode([600, 5], heads, 16),
    ...formats.map((format) => linearCases.linear(9, 65, 65, { format, extras: 'all', rank: 5 })),
    linearCases.linear(80, 64, 192, { extras: 'all' }),
    linearCases.linear(80, 64, 192, { mode: 'generate', extras: 'residual' }),
    linearCases.normedLinear(7, 64, 70, { gated: true }),
    ...formats.map((format) => linearCases.linearBackward(7, 65, 65, { format })),
    linearCases.linearBackward(80, 64, 192, { extras: true, rate: 0.1 }),
    linearCases.loraDown(7, 65, 5, { rate: 0.4 }),
    linearCases.loraDown(80, 64, 8, { rate: 0.1 }),
    linearCases.loraGrad(7, 65, 65, 5, { rate: 0.2 }),
    linearCases.loraGrad(160, 64, 192, 8),
    linearCases.matmulNT(7, 65, 2, 'train'),
    samplingCase(5, 65),
    rowCases.crossEntropy(7, 65, true),
    rowCases.crossEntropy(80, 1000, true),
    rowCases.crossEntropy(3, 1001, false),
    rowCases.adamw(1001, true),
    rowCases.adamw(4096, true),
  ];
}

/** The other variants of the kernels that have several. */
function variantCases(software: boolean): Entry[] {
  const used = defaultVariants(software);
  const entries: Entry[] = [];
  for (const tile of tiles) {
    if (tile !== used.linear) {
      entries.push({
        variants: { linear: tile },
        test: linearCases.linear(13, 65, 67, { extras: 'all', rank: 3 }),
      });
    }
    if (tile !== used.linearBackward) {
      entries.push({
        variants: { linearBackward: tile },
        test: linearCases.linearBackward(13, 65, 67, { extras: true, rank: 3 }),
      });
    }
    if (tile !== used.loraGradU) {
      entries.push({ variants: { loraGradU: tile }, test: linearCases.loraGrad(13, 65, 67, 9) });
    }
  }
  // A format each: a software adapter takes seconds to compile such a form.
  for (const [tile, format] of [
    ['64x64', 'f16'],
    ['32x32', 'q4'],
  ] as const) {
    const extras = { format, extras: 'all', rank: 3 } as const;
    const backward = { format, extras: true, rank: 3, rate: 0.1 };
    const chains = { linearGenerate: tile, decode: 'lanes' } as const;
    entries.push({ variants: { linear: tile }, test: linearCases.linear(70, 64, 68, extras) });
    entries.push({ variants: chains, test: linearCases.linear(70, 96, 68, { ...extras, mode: 'generate' }) });
    entries.push({
      variants: { linearBackward: tile },
      test: linearCases.linearBackward(70, 64, 68, backward),
    });
  }
  const loraGradAB = used.loraGradAB === 'split' ? 'thread' : 'split';
  entries.push({ variants: { loraGradAB }, test: linearCases.loraGrad(70, 64, 192, 8) });
  const lora = used.lora === 'split' ? 'thread' : 'split';
  for (const rate of [0, 0.2]) {
    entries.push({ variants: { lora }, test: linearCases.loraDown(13, 65, 9, { rate }) });
    entries.push({ variants: { lora }, test: linearCases.loraGrad(13, 64, 192, 8, { rate }) });
  }
  entries.push({ variants: { lora }, test: linearCases.loraGradPair(13, [[64, 192], [40, 96]], 8) }); // prettier-ignore
  const attention = used.attention === 'thread' ? 'split' : 'thread';
  entries.push({ variants: { attention }, test: attentionCases.attention(70, heads, [3, 65, 2]) });
  entries.push({ variants: { attention }, test: attentionCases.attentionPaged(33, heads, 16) });
  entries.push({ test: attentionCases.attentionPaged(33, heads, 16, true) });
  entries.push({
    variants: { attention: 'split' },
    test: attentionCases.attentionDecode([600, 513, 512, 1], heads, 16),
  });
  const decode = used.decode === 'lanes' ? 'tile' : 'lanes';
  const norm = used.norm === 'row' ? 'thread' : 'row';
  entries.push({ variants: { norm }, test: rowCases.rmsNorm(7, 65) });
  for (const format of formats) {
    const all = { format, mode: 'generate', extras: 'all', rank: 3 } as const;
    entries.push({ variants: { decode }, test: linearCases.linear(7, 96, 67, all) });
    entries.push({ variants: { decode }, test: linearCases.linear(13, 65, 67, all) });
    const gated = linearCases.normedLinear(7, 96, 70, { format, gated: true });
    entries.push({ variants: { decode, norm }, test: gated });
  }
  const sampling = used.sampling === 'device' ? 'host' : 'device';
  entries.push({ variants: { sampling }, test: samplingCase(5, 4100) });
  const crossEntropy = used.crossEntropy === 'row' ? 'thread' : 'row';
  entries.push({ variants: { crossEntropy }, test: rowCases.crossEntropy(3, 1001, true) });
  return entries;
}

export function isGpu(backend: Backend): backend is GpuBackend {
  return backend.kind === 'webgpu';
}

/** Throws ConfigError for a kernel that is not in the table. A failing kernel is a row, not an error. */
export async function selftest(backend: Backend, options: SelftestOptions = {}): Promise<SelftestReport> {
  const { kernel = null, break: broken = null } = options;
  for (const name of [kernel, broken]) {
    if (name !== null && !(name in kernelSources)) {
      throw new ConfigError(
        `There is no kernel "${name}".`,
        `Kernels: ${Object.keys(kernelSources).join(', ')}.`,
      );
    }
  }
  const entries: Entry[] = [
    ...commonCases().map((test) => ({ test })),
    ...(isGpu(backend) ? variantCases(backend.open.software) : []),
  ];
  const reference = createReferenceBackend();
  const rows: SelftestRow[] = [];
  try {
    for (const { test, variants } of entries) {
      options.signal?.throwIfAborted();
      if (kernel !== null && !test.kernels.includes(kernel)) continue;
      const wanted = await test.run(reference);
      const { got, ms } = await runWith(backend, variants, test);
      if (broken !== null && test.kernels.includes(broken)) corrupt(got);
      const maxError = largestError(got, wanted, test);
      const form = Object.entries(variants ?? {}).map(([name, value]) => `${name} ${value}`);
      for (const name of test.kernels) {
        if (kernel !== null && name !== kernel) continue;
        const row: SelftestRow = {
          name,
          variant: [test.variant, ...form].filter((part) => part !== '').join(', '),
          shape: test.shape,
          maxError,
          atol: test.atol,
          rtol: test.rtol,
          pass: maxError <= 1,
          ms,
          gflops: test.flops === null ? null : test.flops / ms / 1e6,
        };
        rows.push(row);
        options.onRow?.(row);
      }
    }
  } finally {
    reference.dispose();
  }
  return { device: backend.device, kernels: rows };
}

async function runWith(
  backend: Backend,
  variants: Entry['variants'],
  test: OpCase,
): Promise<{ got: Float32Array[]; ms: number }> {
  const before = isGpu(backend) ? backend.variants() : null;
  if (isGpu(backend) && variants !== undefined) backend.useVariants(variants);
  try {
    return { got: await test.run(backend), ms: await test.time(backend, 1) };
  } finally {
    if (isGpu(backend) && before !== null) backend.useVariants(before);
  }
}

/** The first number of the first output, visibly wrong. */
export function corrupt(outputs: readonly Float32Array[]): void {
  const first = outputs[0];
  if (first !== undefined && first.length > 0) first[0] = first[0]! * 1.5 + 1;
}
