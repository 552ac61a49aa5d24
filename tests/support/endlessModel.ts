import type { Backend } from '../../src/compute/ops';
import { loadModel } from '../../src/lm/load';
import type { LanguageModel } from '../../src/lm/types';
import { golden } from '../unit/lm/fixtures';

/** A tiny model of the goldens whose replies end at their limit alone. */
export async function endlessModel(on: Backend, name: string, halfCache = false): Promise<LanguageModel> {
  const model = await loadModel((await golden(name)).source, on);
  return { ...model, halfCache, config: { ...model.config, eosIds: [] } };
}
