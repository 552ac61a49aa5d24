/**
 * Chooses the forms of the training kernels for the linears of a model, before its first step: on a GPU the form of each linear and of
 * its gradient at its own shape, on a software adapter a register tile for all. A form that computes what the default computes, within
 * the tolerance of every backend, may be chosen. Where it also has the default's bits it has to be a little faster. Where it has not (it
 * sums in another order, or a driver compiles it to other arithmetic), much: so that the noise of two timings does not make two results
 * of one seed. What was chosen goes with the run.
 */
import { fastest, shapeClass, type TunerMemory } from '../gpu/tuner';
import {
  productForms,
  productKey,
  productTile,
  tiles,
  type ProductForm,
  type Variants,
} from '../gpu/variants';
import { throwIfAborted } from '../core/errors';
import type { GpuBackend } from './gpuBackend';
import { linearCases } from './opCasesLinear';
import { largestError, type OpCase } from './opCase';
import type { WeightFormat } from './ops';

/** [inputs, outputs] of a linear. */
type Shape = readonly [number, number];

export interface TuningRequest {
  /** Rows of a training batch. */
  readonly rows: number;
  /** The linears that are to be fast, the largest of a block first. */
  readonly linears: readonly Shape[];
  readonly rank: number;
  readonly format: WeightFormat;
  readonly memory?: TunerMemory;
  /** Milliseconds after which the defaults stay for what is not timed yet. Default 2000. */
  readonly budgetMs?: number;
  readonly signal?: AbortSignal;
}

/** How much faster a form has to be than the default, by whether it has the default's bits. */
const margins = { same: 0.05, other: 0.25 };

/** Rows of the linears that are compared: whole tiles of every form and a rest. */
const comparedRows = 85;
/** Columns that are compared, of the side that no sum runs along. */
const few = (columns: number): number => Math.min(columns, 192 + (columns % 4));

const sameBits = (a: readonly Float32Array[], b: readonly Float32Array[]): boolean =>
  a.every((list, n) => {
    const other = new Uint32Array(b[n]?.buffer ?? new ArrayBuffer(0));
    const bits = new Uint32Array(list.buffer);
    return bits.length === other.length && bits.every((value, i) => value === other[i]);
  });

/** One choice: among forms of a kernel, by a case that is timed and one whose results are compared. */
interface Question {
  /** Of the memory. */
  readonly key: string;
  readonly forms: readonly ProductForm[];
  readonly usual: ProductForm;
  readonly timed: OpCase;
  readonly compared: OpCase;
  /** What runs both cases in a form. */
  trial(form: ProductForm): Partial<Variants>;
  /** What the form is chosen as. */
  choice(form: ProductForm): Partial<Variants>;
}

/**
 * Times the forms at the request's shapes (with fewer rows where they would take too long), sets the winners on the backend and returns
 * all forms, to be stored with the run. What `memory` knows for this adapter and shape class is taken without timing. An abort leaves
 * the forms as they were. Generation's own forms are not touched.
 */
export async function tuneVariants(backend: GpuBackend, request: TuningRequest): Promise<Variants> {
  const { memory, budgetMs = 2000, signal } = request;
  const before = backend.variants();
  const deadline = performance.now() + budgetMs;
  let chosen: Partial<Variants> = { shapes: {} };

  /** The forms that compute what the usual one does, as far as there is time to compare, with what they have to gain. */
  async function candidates({ forms, usual, compared, trial }: Question): Promise<Map<ProductForm, number>> {
    backend.useVariants(trial(usual));
    const wanted = await compared.run(backend);
    const found = new Map<ProductForm, number>([[usual, 0]]);
    for (const form of forms) {
      throwIfAborted(signal);
      if (form === usual || performance.now() > deadline) continue;
      backend.useVariants(trial(form));
      const got = await compared.run(backend);
      if (sameBits(got, wanted)) found.set(form, margins.same);
      else if (largestError(got, wanted, compared) <= 1) found.set(form, margins.other);
    }
    return found;
  }

  async function winner(question: Question): Promise<ProductForm> {
    const found = await candidates(question);
    const prepared = question.timed.prepare(backend);
    try {
      const time = (form: ProductForm): Promise<number> => {
        throwIfAborted(signal);
        backend.useVariants(question.trial(form));
        return prepared.time();
      };
      const margin = (form: ProductForm): number => found.get(form) ?? margins.other;
      return await fastest([...found.keys()], time, { rounds: 3, margin, deadline });
    } finally {
      prepared.free();
    }
  }

  try {
    for (const question of questionsOf(backend, request, budgetMs)) {
      throwIfAborted(signal);
      const { key, forms, usual } = question;
      const late = performance.now() > deadline;
      const form = forms.find((one) => one === memory?.get(key)) ?? (late ? usual : await winner(question));
      memory?.set(key, form);
      const { shapes, ...others } = question.choice(form);
      chosen = { ...chosen, ...others, shapes: { ...chosen.shapes, ...shapes } };
    }
  } finally {
    backend.useVariants(before);
  }
  backend.useVariants(chosen);
  return backend.variants();
}

function questionsOf(backend: GpuBackend, request: TuningRequest, budgetMs: number): Question[] {
  const { linears, rank, format, rows } = request;
  const [largest] = linears;
  if (largest === undefined) return [];
  const defaults = backend.defaults();
  const { software } = backend.open;
  const key = (what: string, sizes: readonly number[]): string =>
    `${backend.device} | ${what} | ${shapeClass([...sizes, rank])}`;
  /** A timing takes about a fortieth of the budget by what the device has shown so far. */
  const timedRows = ([inputs, outputs]: Shape): number => {
    const flops = backend.recorder.submitFlops * (budgetMs / 40 / 50);
    return Math.min(rows, Math.max(64, Math.floor(flops / (2 * inputs * outputs))));
  };
  const ofLinear = (family: 'linear' | 'linearBackward', shape: Shape): Question => {
    const [inputs, outputs] = shape;
    const sizes = [rows, ...shape];
    const usual = defaults[family];
    return {
      key: key(`${family} ${format}`, sizes),
      forms: software ? tiles : productForms.filter((form) => form !== 'shared'),
      usual: software ? usual : productTile(usual, rows, family === 'linear' ? outputs : inputs),
      timed: linearCases[family](timedRows(shape), ...shape, { format }),
      compared:
        family === 'linear'
          ? linearCases.linear(comparedRows, inputs, few(outputs), { format, extras: 'all', rank })
          : linearCases.linearBackward(comparedRows, few(inputs), outputs, { format, extras: true, rank }),
      trial: (form) => ({ [family]: form, shapes: {} }),
      choice: (form) =>
        software ? { [family]: form } : { shapes: { [productKey(family, format, sizes)]: form } },
    };
  };
  const asGradient = (form: ProductForm): Partial<Variants> => ({ loraGradU: form as Variants['loraGradU'] });
  const gradient: Question = {
    key: key('loraGradU', [rows, ...largest]),
    forms: tiles,
    usual: defaults.loraGradU,
    timed: linearCases.loraGrad(timedRows(largest), ...largest, rank),
    compared: linearCases.loraGrad(comparedRows, ...largest, rank),
    trial: asGradient,
    choice: asGradient,
  };
  const shapes = software ? [largest] : linears;
  return [
    ...shapes.flatMap((shape) => [ofLinear('linear', shape), ofLinear('linearBackward', shape)]),
    // Its tiles do not run where workgroups share the sum.
    ...(backend.variants().lora === 'split' ? [] : [gradient]),
  ];
}
