/** Chooses the forms of the training kernels for the linears of a model, before its first step. */
import { fastest, shapeClass, type TunerMemory } from '../gpu/tuner';
import { defaultVariants, variantChoices, type Variants } from '../gpu/variants';
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
  readonly signal?: AbortSignal;
}

const families = ['linear', 'linearBackward', 'loraGradU', 'loraGradAB'] as const;
type Family = (typeof families)[number];

/**
 * Times every form of each family at the request's shape, sets the winners on the backend and returns them, to be
 * stored with the run. What `memory` knows for this adapter and shape class is taken without timing.
 */
export async function tuneVariants(backend: GpuBackend, request: TuningRequest): Promise<Variants> {
  const { rows, linear, rank, format, memory } = request;
  const [inputs, outputs] = linear;
  const cases: Record<Family, OpCase> = {
    linear: linearCases.linear(rows, inputs, outputs, { format }),
    linearBackward: linearCases.linearBackward(rows, inputs, outputs, { format }),
    loraGradU: linearCases.loraGrad(rows, inputs, outputs, rank),
    loraGradAB: linearCases.loraGrad(rows, inputs, outputs, rank),
  };
  const defaults = defaultVariants(backend.open.software);
  for (const family of families) {
    throwIfAborted(request.signal);
    const key = `${backend.device} | ${family} ${format} | ${shapeClass([rows, inputs, outputs, rank])}`;
    const known = memory?.get(key);
    const choices: readonly string[] = variantChoices[family];
    const ordered = [defaults[family], ...choices.filter((choice) => choice !== defaults[family])];
    const choice =
      known !== undefined && choices.includes(known)
        ? known
        : await fastest(
            ordered,
            (candidate) => {
              backend.useVariants({ [family]: candidate });
              return cases[family].time(backend, 1);
            },
            { rounds: 3, margin: 0.05 },
          );
    backend.useVariants({ [family]: choice });
    memory?.set(key, choice);
  }
  return backend.variants();
}
