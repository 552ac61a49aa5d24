/**
 * The short test of a device that was not seen before: each kernel once at a ragged shape, in the form that runs use, and the
 * forms of the models that are about to be loaded, against the f64 reference. Where a form fails, another one that passes takes its
 * place; a kernel with no right form rules the device out. What there was no time for can be tested later: a validation continues
 * an earlier one.
 */
import { DeviceLostError, throwIfAborted } from '../core/errors';
import { sharedTiles, variantChoices, type SharedTile, type Variants } from '../gpu/variants';
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

type Family = Exclude<keyof typeof variantChoices, 'workgroup'>;

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

/** What a form may turn out as: products by workgroups in each tile that a shape can ask for. */
const turnsOf = <T extends string>(form: T): readonly (T | SharedTile)[] =>
  form === 'shared' ? sharedTiles : [form];

/** A case of a model, in a tile of its products that its few rows do not ask for. */
interface OtherCase {
  readonly name: string;
  readonly test: OpCase;
  readonly forms: Partial<Variants>;
}

const products = ['linear', 'linearGenerate', 'linearBackward'] as const;
/** What takes the place of tiles in workgroup memory. */
const registerForms = { linear: '4x8', linearGenerate: '4x4', linearBackward: '4x8' } as const;

/** The models' cases in the forms that these variants have at few rows and at many. */
function casesOf(test: OpCase, variants: Variants): OtherCase[] {
  const name = caseName(test);
  const shared = products.filter((family) => variants[family] === 'shared');
  const product = test.kernels.some((kernel) => kernel === 'linear' || kernel === 'linearBackward');
  if (!product || shared.length === 0) return [{ name, test, forms: {} }];
  return sharedTiles.map((tile) => ({
    name: `${name}, ${tile}`,
    test,
    forms: Object.fromEntries(shared.map((family) => [family, tile])),
  }));
}

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
export function hasUntested(
  earlier: ValidationResult,
  models: readonly ModelForms[],
  defaults: Variants,
): boolean {
  const proven = new Set(earlier.proven);
  const variants = { ...defaults, ...earlier.variants };
  return models
    .flatMap(modelCases)
    .flatMap((test) => casesOf(test, variants))
    .some(({ name }) => !proven.has(name));
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

  /** The other cases, once more by tiles of registers where tiles in workgroup memory fail. */
  async function proveOthers(): Promise<void> {
    const found = { ...backend.defaults(), ...(variants as Partial<Variants>) };
    const wrong = new Set<(typeof products)[number]>();
    const leftBefore = left;
    for (const { name, test, forms } of otherCases(models).flatMap((one) => casesOf(one, found))) {
      if (done.has(name)) continue;
      if (late()) {
        left += 1;
        continue;
      }
      done.add(name);
      backend.useVariants({ ...found, ...forms });
      const error = await errorOf(test, await test.run(reference));
      const shared = products.filter((family) => family in forms);
      if (error <= 1) proven.push(name);
      else if (shared.length > 0) for (const family of shared) wrong.add(family);
      else failed.push({ kernel: test.kernels.join(', '), error });
    }
    if (wrong.size === 0) return;
    for (const family of wrong) {
      variants[family] = registerForms[family];
      excluded.push(`${family} shared`);
    }
    left = leftBefore;
    await proveOthers();
  }

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
        let error = 0;
        for (const turn of turnsOf(form)) {
          backend.useVariants({ [family]: turn });
          error = Math.max(error, await errorOf(test, wanted));
        }
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
    await proveOthers();
  } finally {
    backend.useVariants(before);
    reference.dispose();
  }
  const seconds = (earlier?.seconds ?? 0) + (performance.now() - began) / 1000;
  return { variants: variants as Partial<Variants>, excluded, failed, proven, left, tested, seconds };
}
