/** What the parts of `npm run fuzz` say to each other. */

/** Every way in from outside, by the name that the result has. */
export const importerNames = [
  'questions',
  'trajectories',
  'reports',
  'archives',
  'adapters',
  'zips',
  'gguf',
  'safetensors',
  'tokenizers',
  'templates',
  'configs',
  'links',
  'endpoint',
  'hub',
] as const;

export type ImporterName = (typeof importerNames)[number];

/** One input, ready to be given to its importer. */
export interface Case {
  /** Size of the input. */
  readonly bytes: number;
  /** Imports it and uses what was taken; throws what the importer throws. */
  run(): unknown;
}

/** Makes a case from random numbers; the same ones, the same case. */
export type CaseMaker = (dice: import('./dice').Dice) => Case;

/** Cases `from` to before `to` of an importer. */
export interface Job {
  readonly importer: ImporterName;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}

export type Outcome = 'taken' | 'typed' | 'untyped';
/** Why a case counts as failed. */
export type FaultKind = 'untyped' | 'hung' | 'overMemory';

export interface Fault {
  readonly importer: ImporterName;
  readonly number: number;
  readonly kind: FaultKind;
  readonly what: string;
}

/** Of one importer. */
export interface Counts {
  readonly cases: number;
  readonly typed: number;
  readonly untyped: number;
  readonly hung: number;
  readonly overMemory: number;
}

/** What a worker tells its lane. */
export type WorkerMessage =
  | { readonly type: 'fault'; readonly fault: Fault }
  | { readonly type: 'done'; readonly cases: number; readonly typed: number };

/** What a lane tells the command at the end of a job. */
export interface LaneMessage {
  readonly job: Job;
  readonly counts: Counts;
  readonly faults: readonly Fault[];
}
