/** What a run would hold in memory, worked out before anything loads. Bytes throughout. */
import type { Recomputation } from '../lm/recompute';
import type { RunConfig } from '../settings/config';

/** What the page can learn of a machine: browsers give no free memory. */
export interface MachineFacts {
  readonly backend: 'webgpu' | 'cpu';
  /** navigator.deviceMemory in GiB (rounded and capped by the browser); null where it is not known. */
  readonly deviceMemory: number | null;
  /** Largest buffer of the adapter; null on the CPU. */
  readonly maxBufferBytes: number | null;
  /** WebGPU features of the adapter. */
  readonly features: readonly string[];
  /** Phones and tablets share little memory with a tab. */
  readonly mobile: boolean;
  /** What the user says may be used, in place of the estimate. */
  readonly budget: number | null;
  /** Most bytes that a run has held here so far, by its own ledger. */
  readonly held: number | null;
}

/** What browsers tell of a machine's memory. */
export interface MachineNavigator {
  readonly userAgent?: string;
  readonly deviceMemory?: number;
  readonly userAgentData?: { readonly mobile: boolean };
}

export function memoryFacts(navigator: MachineNavigator): Pick<MachineFacts, 'deviceMemory' | 'mobile'> {
  const { deviceMemory = null, userAgentData, userAgent = '' } = navigator;
  const mobile = userAgentData?.mobile ?? /Android|iPhone|iPad|Mobile/.test(userAgent);
  return { deviceMemory, mobile };
}

export type Verdict = 'fits' | 'tight' | 'too large';

/** What a model takes whose library gives no figure: its weights, and about a sixth more for cache and activations. */
export function memoryOfFiles(bytes: number): number {
  return Math.round(1.15 * bytes);
}

export type MemoryKind =
  'weights' | 'cache' | 'activations' | 'adapter' | 'optimiser' | 'training' | 'reward' | 'spare' | 'library';

/** One summand of a plan. */
export interface MemoryItem {
  readonly kind: MemoryKind;
  /** The model that it belongs to; null for what all share. */
  readonly model: string | null;
  readonly bytes: number;
}

/** What is held at once in one phase of a run. */
export interface PhaseMemory {
  readonly phase: 'debate' | 'distil' | 'evaluate';
  readonly items: readonly MemoryItem[];
  readonly bytes: number;
}

/** Something to do about a plan that does not fit. */
export interface Proposal {
  readonly id:
    | 'agents-out'
    | 'one-at-a-time'
    | 'one-model'
    | 'smaller-batch'
    | 'shorter-replies'
    | 'half-cache'
    | 'bundled';
  /** Settings to change. */
  readonly change: Partial<RunConfig>;
  readonly peak: number;
  readonly verdict: Verdict;
}

export interface MemoryPlan {
  readonly phases: readonly PhaseMemory[];
  /** Most bytes held at once, and in which phase. */
  readonly peak: number;
  readonly peakPhase: PhaseMemory['phase'];
  readonly budget: number;
  /** Where the budget comes from. */
  readonly budgetFrom: 'user' | 'device memory' | 'guess';
  readonly verdict: Verdict;
  /** What training computes again in backward. */
  readonly recompute: Recomputation;
  /** WebGPU features that a model needs and this adapter has not. */
  readonly missingFeatures: readonly string[];
  /** Models whose size is not known yet (never looked up), left out of the sum. */
  readonly unknown: readonly string[];
  readonly proposals: readonly Proposal[];
}

/** A ready choice for a kind of machine. Minutes are estimates, never measured there. */
export interface DevicePreset {
  readonly id: 'phone' | 'laptop-4' | 'laptop-8' | 'desktop';
  readonly agents: readonly { readonly spec: string; readonly bytes: number | null }[];
  readonly student: { readonly spec: string; readonly bytes: number | null };
  /** Settings that the preset stands for, on top of preset quick. */
  readonly change: Partial<RunConfig>;
  readonly downloadBytes: number;
  readonly minutes: readonly [number, number];
}
