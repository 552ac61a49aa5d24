/** Refusals of configs, in words. */
import { ModelError } from '../../core/errors';

export const damaged = 'Download config.json again; if it stays so, the model is not usable.';

export function unsupported(what: string): never {
  throw new ModelError(
    `The config asks for ${what}, which is not supported.`,
    'Choose a model of the same family without it.',
  );
}
