/** Which tensors of a checkpoint a model needs, under transformers' names, whatever wrapper the checkpoint was saved from. */
import { ModelError } from '../core/errors';
import { inLayer, layerPlan } from './layerPlan';
import type { ModelConfig } from './types';

/** Modules that training tools put around a model, or parts of one: they change names and nothing else. */
const wrappers: ReadonlySet<string> = new Set([
  '_orig_mod',
  'module',
  '_fsdp_wrapped_module',
  '_checkpoint_wrapped_module',
  'language_model',
  'base_model',
]);

/** transformers' name of a tensor: wrappers left out, `model.` in front of the decoder. Names of other things stay. */
export function plainName(name: string): string {
  const parts = name.split('.').filter((part) => !wrappers.has(part));
  const start = parts.findIndex((part) => part !== 'model');
  const [first] = parts.slice(start);
  const rest = parts.slice(start).join('.');
  if (first === 'lm_head') return rest;
  return first === 'embed_tokens' || first === 'layers' || first === 'norm' ? `model.${rest}` : name;
}

/** Names of all tensors that a model is made of. */
export function neededNames(config: ModelConfig): Set<string> {
  const plan = layerPlan(config);
  const names = new Set(['model.embed_tokens.weight', 'model.norm.weight']);
  if (!config.tied) names.add('lm_head.weight');
  const matrices = Object.values(plan.matrices).flatMap(({ parts }) => parts);
  const vectors = Object.values(plan.vectors).flatMap((parts) => parts ?? []);
  for (let layer = 0; layer < config.layers; layer++) {
    for (const [name] of inLayer(layer, [...matrices, ...vectors])) names.add(name);
  }
  return names;
}

/** A tensor that a file holds: under transformers' name, and as the file calls it. */
export interface HeldTensor {
  readonly name: string;
  readonly called: string;
  readonly shape: readonly number[];
  /** Integers and booleans are counters and masks, never weights. */
  readonly float: boolean;
}

/** Buffers that are recomputed from the config. */
const buffers = /(^|\.)(rotary_emb\.(inv_freq|cos_cached|sin_cached)|attn_rot_embd\.weight)$/;

function reason(config: ModelConfig, names: readonly string[]): readonly [what: string, hint: string] {
  const any = (pattern: RegExp): boolean => names.some((name) => pattern.test(name));
  const layers = names.map((name) => Number(/^model\.layers\.(\d+)\./.exec(name)?.[1] ?? -1));
  const most = Math.max(...layers);
  if (any(/\.(lora_|base_layer\.|modules_to_save\.)/))
    return ['They are of an adapter that was not merged', 'Merge it with peft (merge_and_unload), or load base and adapter apart.']; // prettier-ignore
  if (any(/experts?\b|_exps|gate_inp|router/))
    return ['It is a mixture of experts, which is not supported', 'Choose a dense model.'];
  if (most >= config.layers)
    return [
      `They reach to layer ${most}, but the config counts ${config.layers} layers from 0`,
      'Take config and weights from the same place.',
    ];
  if (any(/\.bias$/))
    return [
      `Biases there are not supported in the ${config.family} family, and without them every answer would be wrong`,
      'Choose a model of the same family without them.',
    ];
  return [
    `A model of the ${config.family} family has no such tensors, and without them its answers may be wrong`,
    'Choose a model whose config and weights are those of its family, or save it without them.',
  ];
}

/** Throws ModelError that names the tensors that would be left out, where any of them could be a weight. */
export function refuseUnused(config: ModelConfig, tensors: Iterable<HeldTensor>): void {
  const needed = neededNames(config);
  const unused = [...tensors].filter(
    ({ name, shape, float }) =>
      !needed.has(name) && float && shape.length > 0 && !shape.includes(0) && !buffers.test(name),
  );
  const [first] = unused;
  if (!first) return;
  const [what, hint] = reason(
    config,
    unused.flatMap(({ name, called }) => [name, called]),
  );
  const more = unused.length > 1 ? ` and ${unused.length - 1} more tensors` : '';
  throw new ModelError(
    `The file holds ${first.called} [${first.shape.join(', ')}]${more} that the model would be run without. ${what}.`,
    hint,
  );
}
