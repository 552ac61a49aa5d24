/** What tests of devices found, in the settings store. */
import type { JobStore } from '../store/jobStore';
import { parseProofs, type ProofMemory } from '../engine/proofs';

const setting = 'gpu-proofs';

/** Proofs in the settings store. */
export function proofMemory(store: Pick<JobStore, 'getSetting' | 'putSetting'>): ProofMemory {
  return {
    load: () => store.getSetting(setting),
    save: async (proofs) => {
      if (Object.keys(proofs).length === 0) return;
      await store.putSetting(setting, { ...parseProofs(await store.getSetting(setting)), ...proofs });
    },
  };
}
