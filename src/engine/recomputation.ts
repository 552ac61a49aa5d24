/** What a training in the engine computes again in backward: as set, or as the memory plan has it. */
import type { RecomputeSetting } from '../lm/recompute';
import { cpuSizer, fittingRecomputation, gpuSizer, trainingMemory } from '../models/engineMemory';
import { memoryFacts, type MachineNavigator } from '../models/memoryPlan';
import { memoryBudget } from '../models/planner';
import type { TrainHooks } from '../train/hooks';
import type { EngineModel } from './engineModel';

/** Bytes that a run may hold on this machine, as its memory plan takes them. */
export function machineBudget(backend: 'webgpu' | 'cpu', navigator: MachineNavigator): number {
  const unknown = { maxBufferBytes: null, features: [], budget: null, held: null };
  return memoryBudget({ backend, ...memoryFacts(navigator), ...unknown }).budget;
}

/** `budget`: bytes that may be held in all. */
export function recomputationOf(
  { model, halvings }: Pick<EngineModel, 'model' | 'halvings'>,
  setting: RecomputeSetting,
  rank: number,
  budget?: number,
): NonNullable<TrainHooks<never>['recompute']> {
  // The device has shown that it bears less.
  if (halvings > 0) return () => 'full';
  if (setting !== 'auto') return () => setting;
  const { backend, config } = model;
  const machine: MachineNavigator = 'navigator' in globalThis ? globalThis.navigator : {};
  const gpu = backend.kind === 'webgpu';
  const sizer = gpu ? gpuSizer : cpuSizer(backend.threads);
  const most = budget ?? machineBudget(gpu ? 'webgpu' : 'cpu', machine);
  return (size) =>
    fittingRecomputation('off', (recompute) => {
      const { optimiser, activations } = trainingMemory(config, sizer, { rank, ...size }, recompute);
      return backend.ledger.total + optimiser + activations <= most;
    });
}
