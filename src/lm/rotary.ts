/** Rotary position tables in f64 (RoFormer, arXiv 2104.09864), with transformers' scalings of the frequencies. */
import type { Backend, RotaryTables, Tensor } from '../compute/ops';
import type { LayerForm } from './block/form';
import type { ModelConfig, RopeScaling } from './types';

/** Rotary positions of a kind of layer. */
export interface Rope extends Pick<ModelConfig, 'headDim' | 'ropeTheta' | 'ropeScaling'> {
  /** Elements of each head that are rotated; all without it. */
  readonly rotated?: number;
}

/** Those of a model's layers of a kind; null for layers without any. */
export function ropeOf(config: ModelConfig, kind: LayerForm['rope']): Rope | null {
  if (kind === 'none') return null;
  const { headDim, ropeTheta, ropeScaling, block } = config;
  const part = block.rotated === null ? {} : { rotated: block.rotated };
  if (kind === 'main') return { headDim, ropeTheta, ropeScaling, ...part };
  return { headDim, ropeTheta: block.localTheta ?? ropeTheta, ropeScaling: { type: 'default' }, ...part };
}

/** Angle per position of each pair: f64 [rotated / 2]. */
export function inverseFrequencies(rope: Rope): Float64Array {
  const size = rope.rotated ?? rope.headDim;
  const half = size / 2;
  const { ropeScaling: scaling, ropeTheta: theta } = rope;
  const ramp = scaling.type === 'yarn' ? yarnRamp(size, theta, scaling) : null;
  return Float64Array.from({ length: half }, (_, i) => {
    const frequency = theta ** (-i / half);
    switch (scaling.type) {
      case 'default':
      case 'dynamic':
        return frequency;
      case 'linear':
        return frequency / scaling.factor;
      case 'llama3':
        return frequency / llama3Divisor(frequency, scaling);
      case 'yarn': {
        const share = ramp?.(i) ?? 0;
        return (frequency / scaling.factor) * share + frequency * (1 - share);
      }
      case 'longrope':
        return frequency / (scaling.shortFactors[i] ?? 1);
      default:
        return scaling satisfies never;
    }
  });
}

/**
 * Llama 3.1's divisor of a frequency: 1 for wavelengths under original / highFreqFactor, `factor` for those over
 * original / lowFreqFactor, and between them a blend of the two scaled frequencies (transformers' llama3 rope).
 */
export function llama3Divisor(
  frequency: number,
  scaling: { factor: number; lowFreqFactor: number; highFreqFactor: number; originalMaxPosition: number },
): number {
  const { factor, lowFreqFactor: low, highFreqFactor: high, originalMaxPosition } = scaling;
  const turns = (originalMaxPosition * frequency) / (2 * Math.PI);
  if (turns > high) return 1;
  if (turns < low) return factor;
  const smooth = (turns - low) / (high - low);
  return 1 / ((1 - smooth) / factor + smooth);
}

/** Share of the interpolated frequency in pair i: 0 for those of many turns in the original length, 1 for few (YaRN, arXiv 2309.00071). */
function yarnRamp(
  size: number,
  theta: number,
  scaling: Extract<RopeScaling, { type: 'yarn' }>,
): (pair: number) => number {
  const { betaFast, betaSlow, originalMaxPosition, truncate } = scaling;
  const pairOf = (turns: number): number =>
    (size * Math.log(originalMaxPosition / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const [first, last] = [pairOf(betaFast), pairOf(betaSlow)];
  const low = Math.max(0, truncate ? Math.floor(first) : first);
  const high = Math.min(size - 1, truncate ? Math.ceil(last) : last);
  const width = high === low ? 0.001 : high - low;
  return (pair) => Math.min(1, Math.max(0, (pair - low) / width));
}

/** cos and sin as f32 [positions, rotated / 2], rounded once from f64. */
export function rotaryValues(rope: Rope, positions: number): { cos: Float32Array; sin: Float32Array } {
  const frequencies = inverseFrequencies(rope);
  const { ropeScaling: scaling } = rope;
  const factor = 'attentionFactor' in scaling ? scaling.attentionFactor : 1;
  const half = frequencies.length;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let position = 0; position < positions; position++) {
    for (let i = 0; i < half; i++) {
      const angle = position * frequencies[i]!;
      cos[position * half + i] = factor * Math.cos(angle);
      sin[position * half + i] = factor * Math.sin(angle);
    }
  }
  return { cos, sin };
}

/** Elements of each of the two tables of a kind of layer. */
export function rotaryColumns(config: ModelConfig, kind: LayerForm['rope']): number {
  // Layers without positions turn their first two pairs by nothing.
  return kind === 'none' ? Math.min(2, config.headDim / 2) : (config.block.rotated ?? config.headDim) / 2;
}

/** Room for the tables of a kind of layer. */
export function createRotary(
  config: ModelConfig,
  kind: LayerForm['rope'],
  make: (label: string, cols: number) => Tensor,
): RotaryTables {
  const cols = rotaryColumns(config, kind);
  const [cos, sin] = [make(`rotary cos, ${kind}`, cols), make(`rotary sin, ${kind}`, cols)];
  return 2 * cols === config.headDim ? { cos, sin } : { cos, sin, rotated: 2 * cols };
}

/** Fills tables of a kind of layer for so many positions. */
export function writeRotary(
  backend: Backend,
  config: ModelConfig,
  kind: LayerForm['rope'],
  tables: RotaryTables,
  positions: number,
): void {
  const rope = ropeOf(config, kind);
  const { cos, sin } = rope
    ? rotaryValues(rope, positions)
    : { cos: new Float32Array(tables.cos.size).fill(1), sin: new Float32Array(tables.sin.size) };
  backend.write(tables.cos, cos);
  backend.write(tables.sin, sin);
}
