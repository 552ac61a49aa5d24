import { ConfigError } from '../core/errors';
import type { BundledModel } from './catalogue';
import { resolveModel, type ModelRef } from './modelSpec';
import { bundled } from '../settings/table';
import { foreign } from '../specs/agentSpecs';

export function noModels(): ConfigError {
  return new ConfigError('This build has no bundled models.', 'Name agents and a student.');
}

export function ofRole(catalogue: readonly BundledModel[], role: BundledModel['role']): string[] {
  return catalogue.filter((one) => one.role === role).map(({ id }) => id);
}

/** The model that a student's name stands for. Throws ConfigError. */
export function studentOf(spec: string, catalogue: readonly BundledModel[], base: string): ModelRef {
  const named = spec === bundled ? ofRole(catalogue, 'student')[0] : spec;
  if (named === undefined) throw noModels();
  const kind = foreign(named);
  if (kind) {
    throw new ConfigError(
      `The student is ${named}, but agents of kind ${kind} cannot be trained here.`,
      'Use a bundled model, a folder or a .gguf file as the student.',
    );
  }
  return resolveModel(named, { base, catalogue });
}
