/** What the page says to the service worker (with a MessagePort for the answer). Both sides import this file. */
export type OfflineRequest =
  /** What is stored. */
  | { readonly type: 'state' }
  /** Stores every library, then reports the state. */
  | { readonly type: 'keep' }
  /** Cuts the network for a rehearsal or keeps it cut: to be said again while it lasts. */
  | { readonly type: 'cut'; readonly id: string }
  /** Ends that cut. */
  | { readonly type: 'mend'; readonly id: string }
  /** To a waiting worker: take over now. No answer. */
  | { readonly type: 'activate' };

export interface OfflineAnswer {
  /** The app, the bundled models and the recorded run are all stored. */
  readonly ready: boolean;
  /** Of these. */
  readonly bytes: number;
  readonly libraries: readonly { readonly url: string; readonly bytes: number; readonly kept: boolean }[];
}

/** What a cut has seen since it began. */
export interface CutAnswer {
  /** It began with this very message; where it should have been on already, it was broken in the meantime. */
  readonly begun: boolean;
  /** Requests answered from what is stored. */
  readonly answered: number;
  /** Requests that were refused. */
  readonly requests: number;
  /** Their addresses, each once; the first 50. */
  readonly refused: readonly string[];
  /** Pages and workers of the app whose requests do not come by the service worker. */
  readonly outside: number;
}

export interface OfflineAnswers {
  readonly state: OfflineAnswer;
  readonly keep: OfflineAnswer;
  readonly cut: CutAnswer;
  readonly mend: CutAnswer;
}
