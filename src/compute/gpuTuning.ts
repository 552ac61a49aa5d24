/**
 * Chooses the forms of the training kernels for the linears of a model, before its first step. Timings differ between
 * two runs, results must not: only variants that give the default's bits on the device at hand may be chosen. The
 * register tiles do (each output is one chain over K, whatever the tile); the forms of loraGradAB add rows in different
 * orders, so that kernel keeps the adapter's default. A driver that compiles two tiles to different arithmetic is caught
 * by comparing, and keeps the default too. So two runs of one seed on one device give the same bytes.
 */
import { fastest, shapeClass, type TunerMemory } from '../gpu/tuner';
import { variantChoices, type Variants } from '../gpu/variants';
import { throwIfAborted } from '../core/errors';
import type { GpuBackend } from './gpuBackend';
import { linearCases } from './opCasesLinear';
import type { OpCase } from './opCase';
import type { WeightFormat } from './ops';

export interface TuningRequest {
  /** Rows of a training batch. */
  readonly rows: number;
  /** [inputs, outputs] of the linear that is to be fast (the largest of a block, say). */
  readonly linear: readonly [number, number];
  readonly rank: number;
  readonly format: WeightFormat;
  readonly memory?: TunerMemory;
  /** Milliseconds after which the defaults stay for what is not timed yet. Default 2000. */
  readonly budgetMs?: number;
  readonly signal?: AbortSignal;
}

const families = ['linear', 'linearBackward', 'loraGradU'] as const;
type Family = (typeof families)[number];

/** Rows of the linears that are compared bit by bit: whole tiles of every form and a rest. */
const comparedRows = 21;

const sameBits = (a: readonly Float32Array[], b: readonly Float32Array[]): boolean =>
  a.every((list, n) => {
    const other = new Uint32Array(b[n]?.buffer ?? new ArrayBuffer(0));
    const bits = new Uint32Array(list.buffer);
    return bits.length === other.length && bits.every((value, i) => value === other[i]);
  });

/**
 * Times the forms of each family at the request's shape (with fewer rows where they would take too long), sets the
 * winners on the backend and returns all forms, to be stored with the run. What `memory` knows for this adapter and
 * shape class is taken without timing. An abort leaves the forms as they were. Generation's own forms are not touched.
 */
export async function tuneVariants(backend: GpuBackend, request: TuningRequest): Promise<Variants> {
  const { linear, rank, format, memory, budgetMs = 2000, signal } = request;
  const [inputs, outputs] = linear;
  const before = backend.variants();
  const deadline = performance.now() + budgetMs;
  // A timing takes about a fortieth of the budget by what the device has shown so far.
  const most = Math.floor((backend.recorder.submitFlops * (budgetMs / 40 / 50)) / (2 * inputs * outputs));
  const rows = Math.min(request.rows, Math.max(64, most));
  const timed: Record<Family, OpCase> = {
    linear: linearCases.linear(rows, inputs, outputs, { format }),
    linearBackward: linearCases.linearBackward(rows, inputs, outputs, { format }),
    loraGradU: linearCases.loraGrad(rows, inputs, outputs, rank),
  };
  const compared: Record<Family, OpCase> = {
    linear: linearCases.linear(comparedRows, inputs, outputs, { format, extras: 'all', rank }),
    linearBackward: linearCases.linearBackward(comparedRows, inputs, outputs, { format, extras: true, rank }),
    loraGradU: linearCases.loraGrad(comparedRows, inputs, outputs, rank),
  };
  const defaults = backend.defaults();
  const chosen: Partial<Record<Family, Variants[Family]>> = {};

  /** The default form and those with its bits, as far as there is time to compare. */
  async function candidates(family: Family): Promise<Variants[Family][]> {
    const first = defaults[family];
    backend.useVariants({ [family]: first });
    const wanted = await compared[family].run(backend);
    const same = [first];
    for (const choice of variantChoices[family]) {
      throwIfAborted(signal);
      if (choice === first || performance.now() > deadline) continue;
      backend.useVariants({ [family]: choice });
      if (sameBits(await compared[family].run(backend), wanted)) same.push(choice);
    }
    return same;
  }

  try {
    for (const family of families) {
      throwIfAborted(signal);
      // Its tiles do not run where workgroups share the sum.
      if (family === 'loraGradU' && before.lora === 'split') continue;
      const key = `${backend.device} | ${family} ${format} | ${shapeClass([request.rows, inputs, outputs, rank])}`;
      const known = variantChoices[family].find((choice) => choice === memory?.get(key));
      const late = performance.now() > deadline;
      chosen[family] =
        known ??
        (late
          ? defaults[family]
          : await fastest(
              await candidates(family),
              (candidate) => {
                throwIfAborted(signal);
                backend.useVariants({ [family]: candidate });
                return timed[family].time(backend, 1);
              },
              { rounds: 3, margin: 0.05, deadline },
            ));
      memory?.set(key, chosen[family]);
    }
  } finally {
    backend.useVariants(before);
  }
  backend.useVariants(chosen);
  return backend.variants();
}
