/** What the job asks of the page that holds the browser's model: the Prompt API is there for windows, not for workers. */
import type { Message, Sampling } from '../../records/records';
import type { AgentCallbacks, Completion, LoadOptions } from '../agent';

export interface ChromeProtocol {
  /** Makes the model ready; progress is the share that is downloaded. Resolves to the tokens that its context holds, null for no limit. */
  readonly load: { readonly request: null; readonly progress: number; readonly response: number | null };
  readonly generate: {
    readonly request: { readonly messages: readonly Message[]; readonly sampling: Sampling };
    /** New text. */
    readonly progress: string;
    readonly response: Completion;
  };
  /** Tokens of each text, as the model counts them. */
  readonly count: {
    readonly request: readonly string[];
    readonly progress: never;
    readonly response: readonly number[];
  };
}

interface Context<Progress> {
  readonly signal: AbortSignal;
  progress(progress: Progress): void;
}

type Answer<K extends keyof ChromeProtocol> = (
  request: ChromeProtocol[K]['request'],
  context: Context<ChromeProtocol[K]['progress']>,
) => Promise<ChromeProtocol[K]['response']>;

/** The page's side of it. */
export type ChromeHost = { readonly [K in keyof ChromeProtocol]: Answer<K> };

/** The job's side of it. */
export interface ChromeLink {
  load(options: LoadOptions): Promise<number | null>;
  generate(
    request: { readonly messages: readonly Message[]; readonly sampling: Sampling },
    callbacks: AgentCallbacks,
  ): Promise<Completion>;
  count(texts: readonly string[]): Promise<readonly number[]>;
}
