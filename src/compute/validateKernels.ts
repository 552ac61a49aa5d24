/**
 * The short test of a device that was not seen before: each kernel once at a ragged shape, in the form that runs use, and the
 * forms of the models that are about to be loaded, against the f64 reference. Where a form fails, another one that passes takes its
 * place; a kernel with no right form rules the device out. What there was no time for can be tested later: a validation continues
 * an earlier one.
 */
import { DeviceLostError, throwIfAborted } from '../core/errors';
import { variantChoices, type Variants } from '../gpu/variants';
import type { GpuBackend } from './gpuBackend';
import { caseName, largestError, type OpCase } from './opCase';
import { attentionCases } from './opCasesAttention';
import { linearCases } from './opCasesLinear';
import { modelCases, rowAlone, type ModelForms } from './modelCases';
import { rowCases } from './opCasesRows';
import { samplingCase } from './sampling/opCasesSampling';
import { createReferenceBackend } from './referenceBackend';
import { commonCases, corrupt } from './selftest';

export interface ValidationResult {
  /** Forms to use instead of the device's usual ones. */
  readonly variants: Partial<Variants>;
  /** The variants that failed, as "linear 8x8". */
  readonly excluded: readonly string[];
  /** Kernels that no form of computes right, with the worst error as a multiple of its bound. */
  readonly failed: readonly { readonly kernel: string; readonly error: number }[];
  /** The cases that passed, by name; those of kernels with several forms as "linear 8x8". */
  readonly proven: readonly string[];
  /** Cases that are still to come, because time was up. */
  readonly left: number;
  readonly tested: number;
  readonly seconds: number;
}

export interface ValidationOptions {
  /** After this many milliseconds no further case is begun. Default 5000. */
  readonly budgetMs?: number;
  /** What was found before: its cases are not tested again, and its figures are added to. */
  readonly earlier?: ValidationResult | undefined;
  /** Models that are about to be loaded: the very forms that they run are tested as well. */
  readonly models?: readonly ModelForms[];
  readonly signal?: AbortSignal;
  /** The test of the test: whether the outputs of a case are to be spoilt in these forms. */
  readonly breaks?: (test: OpCase, variants: Variants) => boolean;
}

type Family = Exclude<keyof Variants, 'workgroup'>;

/** Two cases as one. */
const both = (a: OpCase, b: OpCase): OpCase => ({
  ...a,
  kernels: [...new Set([...a.kernels, ...b.kernels])],
  run: async (backend) => [...(await a.run(backend)), ...(await b.run(backend))],
});

/** The kernels with several forms. In generation a row must have the same bits alone and in a batch. */
const families: readonly (readonly [Family, OpCase])[] = [
  ['norm', rowCases.rmsNorm(3, 65)],
  // Lanes take whole blocks of 32 inputs only.
  ['linearGenerate', rowAlone('f32', { inputs: 65, outputs: 67, bias: true, residual: true, rank: 3 })],
  [
    'decode',
    both(
      rowAlone('f32', { inputs: 96, outputs: 67, bias: true, residual: true, rank: 3 }),
      rowAlone('q4', { inputs: 96, outputs: 70, norm: true, gated: true }),
    ),
  ],
  ['linear', linearCases.linear(13, 65, 67, { extras: 'all', rank: 3 })],
  ['linearBackward', linearCases.linearBackward(13, 65, 67, { extras: true, rank: 3 })],
  ['loraGradU', linearCases.loraGrad(13, 65, 67, 9)],
  ['loraGradAB', linearCases.loraGrad(70, 64, 96, 8)],
  ['attention', attentionCases.attention(45, { heads: 4, kvHeads: 2, headDim: 16 }, [3, 40, 2])],
  ['sampling', samplingCase(5, 4100)],
  ['crossEntropy', rowCases.crossEntropy(3, 1001, true)],
];

/** For each kernel that is not covered yet the first of the selftest's cases, then the models' own, each once. */
function otherCases(models: readonly ModelForms[]): OpCase[] {
  const covered = new Set(families.flatMap(([, test]) => test.kernels));
  const common = commonCases().filter(({ kernels }) => {
    const fresh = kernels.some((kernel) => !covered.has(kernel));
    for (const kernel of kernels) covered.add(kernel);
    return fresh;
  });
  return [
    ...new Map([...common, ...models.flatMap(modelCases)].map((test) => [caseName(test), test])).values(),
  ];
}

/** Whether an earlier validation, however complete, has left out forms of these models. */
export function hasUntested(earlier: ValidationResult, models: readonly ModelForms[]): boolean {
  const proven = new Set(earlier.proven);
  return models.flatMap(modelCases).some((test) => !proven.has(caseName(test)));
}

export async function validateKernels(
  backend: GpuBackend,
  options: ValidationOptions = {},
): Promise<ValidationResult> {
  const { budgetMs = 5000, earlier, models = [], signal, breaks } = options;
  const reference = createReferenceBackend();
  const began = performance.now();
  const before = backend.variants();
  const variants: { -readonly [K in Family]?: Variants[Family] } = { ...earlier?.variants };
  const excluded = [...(earlier?.excluded ?? [])];
  const failed = [...(earlier?.failed ?? [])];
  const proven = [...(earlier?.proven ?? [])];
  const done = new Set(proven);
  let tested = earlier?.tested ?? 0;
  let left = 0;

  async function errorOf(test: OpCase, wanted: readonly Float32Array[]): Promise<number> {
    throwIfAborted(signal);
    tested += 1;
    let got: Float32Array[];
    try {
      got = await test.run(backend);
    } catch (thrown) {
      if (thrown instanceof DeviceLostError) throw thrown;
      // A form that the driver cannot compile or run is as wrong as one that computes wrong numbers.
      return Number.POSITIVE_INFINITY;
    }
    if (breaks?.(test, backend.variants()) === true) corrupt(got);
    return largestError(got, wanted, test);
  }

  const late = (): boolean => performance.now() - began > budgetMs;
  try {
    backend.useVariants(earlier?.variants ?? {});
    for (const [family, test] of families) {
      if (variantChoices[family].some((form) => done.has(`${family} ${form}`))) continue;
      if (late()) {
        left += 1;
        continue;
      }
      const usual = backend.defaults()[family];
      const wanted = await test.run(reference);
      let worst = 0;
      for (const form of [usual, ...variantChoices[family].filter((choice) => choice !== usual)]) {
        backend.useVariants({ [family]: form });
        const error = await errorOf(test, wanted);
        if (error <= 1) {
          if (form !== usual) variants[family] = form;
          proven.push(`${family} ${form}`);
          worst = 0;
          break;
        }
        excluded.push(`${family} ${form}`);
        worst = Math.max(worst, error);
      }
      if (worst > 0) failed.push({ kernel: family, error: worst });
    }
    // What the families have found is what the models would run.
    backend.useVariants({ ...backend.defaults(), ...(variants as Partial<Variants>) });
    for (const test of otherCases(models)) {
      if (done.has(caseName(test))) continue;
      if (late()) {
        left += 1;
        continue;
      }
      const error = await errorOf(test, await test.run(reference));
      if (error > 1) failed.push({ kernel: test.kernels.join(', '), error });
      else proven.push(caseName(test));
    }
  } finally {
    backend.useVariants(before);
    reference.dispose();
  }
  const seconds = (earlier?.seconds ?? 0) + (performance.now() - began) / 1000;
  return { variants: variants as Partial<Variants>, excluded, failed, proven, left, tested, seconds };
}
