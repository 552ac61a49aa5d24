/** What a coordinator is made of. */
import type { JobEvent } from '../wire/jobEvents';
import type { JobStore } from '../store/jobStore';
import type { EngineClient } from '../engine/engineClient';
import type { ValidationMemory } from '../engine/validationRecords';
import type { LockSource } from '../library/jobLock';
import type { PeerChannel } from './peers';
import type { Room } from './planDisk';
import type { AgentMakers } from '../job/resolveAgents';

export interface CoordinatorParts {
  readonly store: JobStore;
  /** The engine worker; called again after it was closed. */
  openEngine(memory: ValidationMemory): EngineClient;
  emit(event: JobEvent): void;
  /** Null where there are none (Node): then nobody else can be running. */
  readonly locks: LockSource | null;
  /** The app's address, ending with a slash: bundled models are found under it. */
  readonly base: string;
  readonly version: string;
  /** Agents in workers of their own; none where there are no workers. */
  readonly makers?: AgentMakers;
  /** Through which the tabs hear one another; none where there is only one. */
  readonly peers?: PeerChannel;
  /** What the browser grants; null where unknown. */
  room?(): Promise<Room | null>;
  /** Milliseconds that a stop waits before it ends the engine's worker; default 20 s. */
  readonly patience?: number;
}
