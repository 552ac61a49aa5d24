import type { AgentBackend, ContextLimit } from '../agent';
import type { TransformersLink, TransformersRef } from './protocol';

/** An agent of a model in the transformers worker. Log-probabilities are raw; a seed repeats on the same device and version. */
export function transformersAgent(link: TransformersLink, ref: TransformersRef): AgentBackend {
  const { name } = ref;
  let context: ContextLimit | null = null;
  return {
    model: name,
    kind: 'transformers',
    // Replies follow one another in the worker; the second waits there, so that none is lost between two.
    concurrency: 2,
    get context() {
      return context;
    },
    async load(options) {
      const { contextTokens } = await link.load(ref, options);
      if (contextTokens !== null)
        context = { tokens: contextTokens, count: (texts) => link.count(name, texts) };
    },
    generate: (request, callbacks) => link.generate(name, request, callbacks),
    unload: () => link.unload(name),
  };
}
