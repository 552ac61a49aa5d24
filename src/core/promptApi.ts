/**
 * The part of the Prompt API that is used here (https://webmachinelearning.github.io/prompt-api/, Chrome 148). Web pages get no
 * sampling parameters but in an origin trial; versions before counted tokens under other names. What may be absent is optional.
 */

export type Availability = 'unavailable' | 'downloadable' | 'downloading' | 'available';

export interface ChromeMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface CreateOptions {
  readonly initialPrompts?: readonly ChromeMessage[];
  readonly expectedInputs?: readonly { readonly type: 'text'; readonly languages: readonly string[] }[];
  readonly expectedOutputs?: readonly { readonly type: 'text'; readonly languages: readonly string[] }[];
  /** Both or neither, where there are parameters at all. */
  readonly temperature?: number;
  readonly topK?: number;
  readonly signal?: AbortSignal;
  readonly monitor?: (monitor: EventTarget) => void;
}

export interface PromptSession {
  promptStreaming(
    input: string | readonly ChromeMessage[],
    options?: { readonly signal?: AbortSignal },
  ): ReadableStream<string>;
  destroy(): void;
  readonly contextUsage?: number;
  readonly contextWindow?: number;
  measureContextUsage?(input: string): Promise<number>;
  readonly inputUsage?: number;
  readonly inputQuota?: number;
  measureInputUsage?(input: string): Promise<number>;
}

export interface PromptApi {
  availability(options?: CreateOptions): Promise<Availability>;
  create(options?: CreateOptions): Promise<PromptSession>;
  params?(): Promise<{
    readonly defaultTopK: number;
    readonly maxTopK: number;
    readonly maxTemperature: number;
  } | null>;
}

/** What both questions and answers are written in: availability and creation are asked with the same. */
export const english = {
  expectedInputs: [{ type: 'text', languages: ['en'] }],
  expectedOutputs: [{ type: 'text', languages: ['en'] }],
} as const satisfies CreateOptions;

/** Of this window; null where the browser has none, as in workers. */
export function promptApi(scope: object = globalThis): PromptApi | null {
  const found = 'LanguageModel' in scope ? scope.LanguageModel : null;
  return typeof found === 'function' || (typeof found === 'object' && found !== null)
    ? (found as PromptApi)
    : null;
}

/** Whether it can run here, now or after a download. */
export async function availability(api: PromptApi): Promise<Availability> {
  return api.availability(english).catch(() => 'unavailable');
}

/** Makes the model ready, with the share of the download that is here. The first time it needs a click of the user. */
export function prepare(
  api: PromptApi,
  onShare: (share: number) => void,
  signal?: AbortSignal,
): Promise<PromptSession> {
  return api.create({
    ...english,
    ...(signal && { signal }),
    monitor: (monitor) =>
      monitor.addEventListener('downloadprogress', (event) => {
        if ('loaded' in event && typeof event.loaded === 'number') onShare(event.loaded);
      }),
  });
}
