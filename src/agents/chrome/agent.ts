/** The browser's own model as an agent: the page holds it, and it answers one turn at a time. */
import type { AgentBackend, ContextLimit } from '../agent';
import type { ChromeLink } from './protocol';

export function chromeAgent(link: ChromeLink, model: string): AgentBackend {
  let context: ContextLimit | null = null;
  return {
    model,
    kind: 'chrome',
    concurrency: 1,
    get context() {
      return context;
    },
    async load(options) {
      const tokens = await link.load(options);
      context = tokens === null ? null : { tokens, count: (texts) => link.count(texts) };
      options.onProgress?.({ phase: 'ready', loaded: 1, total: 1 });
    },
    generate: (request, callbacks) => link.generate(request, callbacks),
    // Its sessions end with their turns.
    unload: () => Promise.resolve(),
  };
}
