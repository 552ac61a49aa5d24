/** What must not change between the parts of one training run. */
import type { GpuBackend } from '../compute/gpuBackend';
import type { Backend } from '../compute/ops';
import { onGpu } from '../lm/variantsOf';
import { canonical } from '../core/canonical';
import { ConfigError } from '../core/errors';
import { configFor } from '../lm/adapter';
import type { LanguageModel, LoraAdapter, LoraConfig } from '../lm/types';
import type { Example } from './batch';
import type { Checkpoint } from './checkpoint';
import type { TrainOptions } from './options';

/** Fingerprint of the documents in their order; a weight of 1 is none. */
export function fingerprint(examples: readonly Example[]): number {
  let hash = examples.length;
  const word = new DataView(new ArrayBuffer(8));
  for (const { ids, responseStart, weight = 1 } of examples) {
    hash = Math.imul(hash ^ responseStart, 0x9e3779b1);
    if (weight !== 1) {
      word.setFloat64(0, weight);
      for (const at of [0, 4]) hash = Math.imul(hash ^ word.getUint32(at), 0x85ebca6b);
    }
    for (const id of ids) hash = Math.imul(hash ^ id ^ (hash >>> 15), 0x01000193);
  }
  return hash >>> 0;
}

/** Throws ConfigError where adapter, settings or data are not those that the run began with. */
export function checkResume(
  request: {
    readonly model: Pick<LanguageModel, 'config'>;
    readonly options: TrainOptions;
    readonly examples: readonly Example[];
    /** The caller's own adapter, where there is one. */
    readonly adapter?: LoraAdapter;
    readonly resume?: Checkpoint | null;
  },
  adapter: LoraAdapter,
): void {
  const { resume, options, examples, adapter: given, model } = request;
  // Of linears that are fused all are adapted as one.
  const own = (lora: LoraConfig): string => canonical(configFor(model.config, lora));
  if (given && own(given.config) !== own(options.lora))
    throw new ConfigError(
      'The adapter to continue from has other LoRA settings than the options.',
      'Use the settings in its adapter_config.json.',
    );
  if (!resume) return;
  const hint = 'Resume with the same settings and data, or start again elsewhere.';
  // Earlier versions kept the recomputation among the options; it changes no byte.
  const fixed = (from: TrainOptions): string => canonical({ ...from, saveEvery: 0, recompute: undefined });
  if (fixed(resume.options) !== fixed(options)) {
    const names = (Object.keys(options) as (keyof TrainOptions)[]).filter((name) => name !== 'saveEvery');
    const changed = names.filter((name) => canonical(options[name]) !== canonical(resume.options[name]));
    throw new ConfigError(`The checkpoint was made with another ${changed.join(', ')}.`, hint);
  }
  if (resume.data !== fingerprint(examples))
    throw new ConfigError('The checkpoint was made on other training data.', hint);
  if (resume.params.length !== adapter.params.size)
    throw new ConfigError(
      `The checkpoint holds ${resume.params.length} parameters, but this model needs ${adapter.params.size}.`,
      hint,
    );
}

/** Sets the kernel variants of a checkpoint, those of an earlier version too: the rest of the run sums in the same order. */
export function useVariants(backend: Backend, variants: string | null): void {
  if (variants === null || !onGpu(backend)) return;
  backend.restoreVariants(JSON.parse(variants) as Partial<ReturnType<GpuBackend['variants']>>);
}
