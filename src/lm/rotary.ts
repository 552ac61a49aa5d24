/** Rotary position tables in f64 (RoFormer, arXiv 2104.09864), with linear and Llama 3 frequency scaling. */
import type { Backend, RotaryTables } from '../compute/ops';
import type { ModelConfig } from './types';

/** Angle per position of each pair: f64 [headDim / 2]. */
export function inverseFrequencies(
  config: Pick<ModelConfig, 'headDim' | 'ropeTheta' | 'ropeScaling'>,
): Float64Array {
  const half = config.headDim / 2;
  const scaling = config.ropeScaling;
  return Float64Array.from({ length: half }, (_, i) => {
    const frequency = config.ropeTheta ** (-i / half);
    switch (scaling.type) {
      case 'default':
        return frequency;
      case 'linear':
        return frequency / scaling.factor;
      case 'llama3':
        return frequency / llama3Divisor(frequency, scaling);
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

/** cos and sin as f32 [positions, headDim / 2], rounded once from f64. */
export function rotaryValues(
  config: Pick<ModelConfig, 'headDim' | 'ropeTheta' | 'ropeScaling'>,
  positions: number,
): { cos: Float32Array; sin: Float32Array } {
  const frequencies = inverseFrequencies(config);
  const half = frequencies.length;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let position = 0; position < positions; position++) {
    for (let i = 0; i < half; i++) {
      const angle = position * frequencies[i]!;
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  return { cos, sin };
}

/** The tables in the backend's memory. */
export function uploadRotary(
  backend: Backend,
  config: ModelConfig,
  positions: number,
  owner: string,
): RotaryTables {
  const { cos, sin } = rotaryValues(config, positions);
  const shape = [positions, config.headDim / 2];
  const tables = {
    cos: backend.tensor(shape, { owner, label: 'rotary cos' }),
    sin: backend.tensor(shape, { owner, label: 'rotary sin' }),
  };
  backend.write(tables.cos, cos);
  backend.write(tables.sin, sin);
  return tables;
}
