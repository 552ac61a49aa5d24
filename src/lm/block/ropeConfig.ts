/** Rotary positions as config.json gives them, in older and newer spellings. */
import * as v from 'valibot';
import { ModelError } from '../../core/errors';
import type { Family, RopeScaling } from '../types';
import { damaged, unsupported } from './refusals';

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const factors = v.nullish(v.array(positive));

export const ropeSchema = v.looseObject({
  rope_theta: v.nullish(positive),
  rope_type: v.nullish(v.string()),
  type: v.nullish(v.string()),
  factor: v.nullish(positive),
  low_freq_factor: v.nullish(positive),
  high_freq_factor: v.nullish(positive),
  original_max_position_embeddings: v.nullish(positive),
  partial_rotary_factor: v.nullish(positive),
  attention_factor: v.nullish(positive),
  mscale: v.nullish(v.number()),
  mscale_all_dim: v.nullish(v.number()),
  beta_fast: v.nullish(v.number()),
  beta_slow: v.nullish(v.number()),
  truncate: v.nullish(v.boolean()),
  short_factor: factors,
  long_factor: factors,
});
export type RopeSettings = v.InferOutput<typeof ropeSchema>;

/** What of a config the main and the local rotary positions are read from. */
export interface RopeFields {
  readonly max_position_embeddings: number;
  readonly original_max_position_embeddings?: number | null | undefined;
  readonly rope_theta?: number | null | undefined;
  readonly rope_local_base_freq?: number | null | undefined;
  readonly partial_rotary_factor?: number | null | undefined;
  readonly rope_scaling?: RopeSettings | null | undefined;
  readonly rope_parameters?: RopeSettings | null | undefined;
}

export interface Ropes {
  readonly theta: number;
  readonly scaling: RopeScaling;
  readonly localTheta: number | null;
  readonly rotated: number | null;
  /** Longest context for which the frequencies are these. */
  readonly maxPosition: number;
}

const thetas: Readonly<Partial<Record<Family, number>>> = { smollm3: 2_000_000, gemma3_text: 1_000_000 };

/** A part that differs by layer, as Gemma 3 has it. */
function layerPart(rope: RopeSettings | null | undefined, name: string): RopeSettings | null {
  const part = rope?.[name];
  if (part === undefined || part === null) return null;
  const parsed = v.safeParse(ropeSchema, part);
  if (parsed.success) return parsed.output;
  throw new ModelError(`config.json: the rotary positions of ${name} cannot be read.`, damaged);
}

/** Throws ModelError for what is not supported and for what is missing. */
export function parseRopes(family: Family, raw: RopeFields, headDim: number): Ropes {
  // transformers takes rope_scaling first, fills it up from rope_theta, and reads rope_parameters where there is none.
  const filled = raw.rope_scaling != null && Object.keys(raw.rope_scaling).length > 0;
  const given = filled ? raw.rope_scaling : raw.rope_parameters;
  const local = family === 'gemma3_text' ? layerPart(given, 'sliding_attention') : null;
  const full = family === 'gemma3_text' ? layerPart(given, 'full_attention') : null;
  const rope = full ?? (local === null ? given : null);
  const layered = Object.keys(rope ?? {}).find((name) => {
    const value = rope?.[name];
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  });
  if (layered !== undefined) unsupported(`rotary positions that differ by layer (${layered})`);
  if (local !== null && (local.rope_type ?? local.type ?? 'default') !== 'default')
    unsupported('scaled rotary positions in layers with a window');
  const partial = rope?.partial_rotary_factor ?? raw.partial_rotary_factor ?? 1;
  if (partial !== 1 && family !== 'phi3') unsupported(`partial_rotary_factor ${partial}`);
  const size = Math.trunc(headDim * partial);
  if (size < 2 || size % 2 !== 0 || size > headDim)
    throw new ModelError(
      `${size} of ${headDim} elements of a head are to be rotated (partial_rotary_factor ${partial}): an even number is needed.`,
      damaged,
    );
  const scaling: RopeScaling = rope == null ? { type: 'default' } : parseScaling(family, rope, raw, size / 2);
  return {
    theta: rope?.rope_theta ?? raw.rope_theta ?? thetas[family] ?? 10_000,
    scaling,
    localTheta: family === 'gemma3_text' ? (local?.rope_theta ?? raw.rope_local_base_freq ?? 10_000) : null,
    rotated: size === headDim ? null : size,
    maxPosition:
      scaling.type === 'longrope'
        ? Math.min(raw.max_position_embeddings, scaling.originalMaxPosition)
        : raw.max_position_embeddings,
  };
}

function parseScaling(family: Family, rope: RopeSettings, raw: RopeFields, pairs: number): RopeScaling {
  const named = rope.rope_type ?? rope.type ?? 'default';
  // Earlier names of what Phi-3 has.
  const type = family === 'phi3' && (named === 'su' || named === 'yarn') ? 'longrope' : named;
  const need = <T>(name: string, value: T | null | undefined): T => {
    if (value == null) throw new ModelError(`Rope scaling ${type} lacks ${name}.`, damaged);
    return value;
  };
  const length = raw.max_position_embeddings;
  const originalMaxPosition =
    raw.original_max_position_embeddings ?? rope.original_max_position_embeddings ?? length;
  switch (type) {
    case 'default': {
      const untyped = rope.rope_type == null && rope.type == null;
      if (untyped && (rope.factor ?? 1) !== 1)
        throw new ModelError(
          `config.json scales rotary positions by ${rope.factor} and does not say how (rope_scaling lacks rope_type).`,
          'Name the type there if the model was trained so, or take the factor out: transformers ignores it as it stands.',
        );
      return { type };
    }
    case 'linear':
    case 'dynamic':
      return { type, factor: need('factor', rope.factor) };
    case 'llama3':
      return {
        type,
        factor: need('factor', rope.factor),
        lowFreqFactor: need('low_freq_factor', rope.low_freq_factor),
        highFreqFactor: need('high_freq_factor', rope.high_freq_factor),
        originalMaxPosition,
      };
    case 'yarn': {
      const factor = rope.factor ?? length / originalMaxPosition;
      return {
        type,
        factor,
        attentionFactor: rope.attention_factor ?? yarnAttention(factor, rope.mscale, rope.mscale_all_dim),
        betaFast: rope.beta_fast || 32,
        betaSlow: rope.beta_slow || 1,
        originalMaxPosition,
        truncate: rope.truncate ?? true,
      };
    }
    case 'longrope': {
      const shortFactors = need('short_factor', rope.short_factor);
      if (shortFactors.length !== pairs)
        throw new ModelError(
          `Rope scaling longrope has ${shortFactors.length} short factors for ${pairs} pairs of a head.`,
          damaged,
        );
      const factor = rope.factor ?? length / originalMaxPosition;
      const attentionFactor = rope.attention_factor ?? longropeAttention(factor, originalMaxPosition);
      const longFactors = need('long_factor', rope.long_factor);
      return {
        type,
        shortFactors,
        longFactors,
        attentionFactor,
        originalMaxPosition,
        longMaxPosition: length,
      };
    }
    default:
      return unsupported(`rope type ${type}`);
  }
}

/** By what cos and sin are multiplied (YaRN, arXiv 2309.00071, section 3.4). */
export function yarnAttention(factor: number, mscale?: number | null, mscaleAll?: number | null): number {
  const of = (weight: number): number => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);
  return mscale && mscaleAll ? of(mscale) / of(mscaleAll) : of(1);
}

/** The same of LongRoPE (arXiv 2402.13753), as Phi-3 has it. */
export function longropeAttention(factor: number, originalMaxPosition: number): number {
  return factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalMaxPosition));
}
