/** What tests of devices found, in the settings store. */
import type { JobStore } from '../store/jobStore';
import { parseValidation, type ValidationMemory } from '../engine/validationRecords';

const setting = 'gpu-proofs';

/** ValidationResults in the settings store. */
export function validationMemory(store: Pick<JobStore, 'getSetting' | 'editSetting'>): ValidationMemory {
  return {
    load: () => store.getSetting(setting),
    save: async (proofs) => {
      if (Object.keys(proofs).length === 0) return;
      await store.editSetting(setting, (stored) => ({ ...parseValidation(stored), ...proofs }));
    },
  };
}
