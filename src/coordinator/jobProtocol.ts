import type { JobApi } from '../wire/jobApi';

/** JobApi as calls over a port: a request is the list of arguments. */
export type JobProtocol = {
  readonly [K in keyof JobApi]: {
    readonly request: Parameters<JobApi[K]>;
    readonly progress: never;
    readonly response: Awaited<ReturnType<JobApi[K]>>;
  };
};

export const jobMethods = [
  'start',
  'resume',
  'pause',
  'unpause',
  'step',
  'stop',
  'runs',
  'results',
  'archive',
  'importArchive',
  'importTrajectories',
  'update',
  'remove',
  'restore',
  'purge',
  'bin',
  'sizes',
  'adapter',
  'exportStudent',
  'stopExport',
  'importQuestions',
  'keepQuestions',
  'keptQuestions',
  'checkQuestions',
  'endpointModels',
  'setKey',
  'similar',
  'pairs',
  'markdown',
  'ask',
  'stopAsk',
  'examples',
  'adapters',
  'importAdapter',
  'removeAdapter',
  'kernels',
  'testDevice',
  'stopTest',
] as const satisfies readonly (keyof JobApi)[];

/** Name of the channel on which every page hears the job's events; each message is a list of them (`JobEvent[]`). */
export const eventChannel = 'arklet';

/** Name of the channel on which tabs ask the one that works to pause, go on, step or stop. */
export const peerChannel = 'arklet-peers';
