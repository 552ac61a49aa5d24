/** What the page says to the service worker (with a MessagePort for the answer). Both sides import this file. */
export type OfflineRequest =
  /** What is stored. */
  | { readonly type: 'state' }
  /** Stores every library, then tells the state. */
  | { readonly type: 'keep' }
  /** To a waiting worker: take over now. No answer. */
  | { readonly type: 'activate' };

export interface OfflineAnswer {
  /** The app, the bundled models and the recorded run are all stored. */
  readonly ready: boolean;
  /** Of these. */
  readonly bytes: number;
  readonly libraries: readonly { readonly url: string; readonly bytes: number; readonly kept: boolean }[];
}
