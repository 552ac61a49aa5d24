import { ConfigError } from '../core/errors';
import { bundled } from '../specs/engine';
import { parseSpec } from '../specs/spec';
import type { BundledModel } from './catalogue';
import { resolveModel, type ModelRef } from './modelSpec';

export function noModels(): ConfigError {
  return new ConfigError('This build has no bundled models.', 'Name agents and a student.');
}

export function ofRole(catalogue: readonly BundledModel[], role: BundledModel['role']): string[] {
  return catalogue.filter((one) => one.role === role).map(({ id }) => id);
}

/** The model that a student's name stands for. Throws ConfigError. */
export function studentOf(name: string, catalogue: readonly BundledModel[], base: string): ModelRef {
  const named = name === bundled ? ofRole(catalogue, 'student')[0] : name;
  if (named === undefined) throw noModels();
  const spec = parseSpec(named);
  if (spec.runtime === 'engine') return resolveModel(spec, { base, catalogue });
  throw new ConfigError(
    `The student is ${named}, but agents of kind ${spec.runtime} cannot be trained here.`,
    'Use a bundled model, a folder or a .gguf file as the student.',
  );
}
