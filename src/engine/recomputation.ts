/** What a training in the engine computes again in backward: as set, or as the memory plan has it. */
import type { RecomputeSetting } from '../lm/recompute';
import { cpuSizer, fittingRecomputation, gpuSizer, trainingMemory } from '../models/engineMemory';
import { memoryBudget } from '../models/planner';
import type { TrainHooks } from '../train/hooks';
import type { EngineModel } from './engineModel';

/** What a worker can learn of the machine. */
interface MachineNavigator {
  readonly userAgent?: string;
  readonly deviceMemory?: number;
  readonly userAgentData?: { readonly mobile: boolean };
}

/** Bytes that a run may hold on this machine, as its memory plan takes them. */
export function machineBudget(backend: 'webgpu' | 'cpu', navigator: MachineNavigator): number {
  const { deviceMemory = null, userAgentData, userAgent = '' } = navigator;
  const mobile = userAgentData?.mobile ?? /Android|iPhone|iPad|Mobile/.test(userAgent);
  const facts = { backend, deviceMemory, mobile };
  return memoryBudget({ ...facts, maxBufferBytes: null, features: [], budget: null, held: null }).budget;
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
