import { keeperOf, type ModelSpec } from './spec';

/**
 * Whether the app's own storage keeps the model: it is downloaded with pause and checked by hash. Others are read where they
 * are (an address given to transformers.js) or kept by WebLLM (an address or a cache of the user's own choice).
 */
export function isKept(spec: ModelSpec): boolean {
  return keeperOf(spec) === 'storage';
}

/** Whether another library reads the model by its own code. */
export function isFetchedByLibrary(spec: ModelSpec): boolean {
  return keeperOf(spec) === 'library';
}
