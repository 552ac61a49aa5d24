/** A Prompt API as a browser with a model has it: tokens are words here, and what it says is scripted. */
import type { CreateOptions, PromptApi, PromptSession } from '../../../../src/core/promptApi';

export interface Script {
  /** Parts of each reply, by the question. */
  reply(asked: string): readonly string[];
  readonly availability?: 'unavailable' | 'downloadable' | 'downloading' | 'available';
  readonly window?: number;
  /** Older browsers count under other names; some not at all. */
  readonly counts?: 'context' | 'input' | 'none';
  readonly params?: { defaultTopK: number; maxTopK: number; maxTemperature: number };
  /** What creation or a prompt throws. */
  readonly failing?: (asked: string | null) => Error | null;
}

const wordsIn = (text: string): number => text.split(/\s+/).filter(Boolean).length;

export class ScriptedModel implements PromptApi {
  readonly created: CreateOptions[] = [];
  readonly asked: string[] = [];
  open = 0;
  readonly params?: NonNullable<PromptApi['params']>;
  readonly #script: Script;

  constructor(script: Script) {
    this.#script = script;
    const { params } = script;
    if (params) this.params = async () => params;
  }

  async availability(): ReturnType<PromptApi['availability']> {
    return this.#script.availability ?? 'available';
  }

  async create(options: CreateOptions = {}): Promise<PromptSession> {
    const { reply, window = 4096, counts = 'context', failing } = this.#script;
    const problem = failing?.(null);
    if (problem) throw problem;
    this.created.push(options);
    this.open += 1;
    if (options.monitor) {
      const monitor = new EventTarget();
      options.monitor(monitor);
      for (const loaded of [0, 0.5, 1])
        monitor.dispatchEvent(Object.assign(new Event('downloadprogress'), { loaded, total: 1 }));
    }
    const measure = async (text: string): Promise<number> => wordsIn(text);
    const usage = (options.initialPrompts ?? []).reduce((sum, { content }) => sum + wordsIn(content), 0);
    const session: PromptSession = {
      destroy: () => void (this.open -= 1),
      promptStreaming: (input, { signal } = {}) => {
        const asked = typeof input === 'string' ? input : JSON.stringify(input);
        this.asked.push(asked);
        const parts = [...reply(asked)];
        return new ReadableStream<string>({
          pull: async (controller) => {
            await new Promise((resolve) => setTimeout(resolve, 0));
            const fails = failing?.(asked);
            if (signal?.aborted || fails) return controller.error(fails ?? signal?.reason);
            const part = parts.shift();
            if (part === undefined) controller.close();
            else controller.enqueue(part);
          },
        });
      },
      ...(counts === 'context' && {
        contextUsage: usage,
        contextWindow: window,
        measureContextUsage: measure,
      }),
      ...(counts === 'input' && { inputUsage: usage, inputQuota: window, measureInputUsage: measure }),
    };
    return session;
  }
}
