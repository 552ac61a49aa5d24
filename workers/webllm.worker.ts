/** One WebLLM model: its library makes a device of its own. Opened once per distinct model, ended to free its memory. */
import { LocalCaches } from '../src/agents/webllm/localCaches';
import { WebllmHost } from '../src/agents/webllm/host';
import type { WebllmProtocol } from '../src/agents/webllm/protocol';
import { readCachedText } from '../src/agents/webllm/cachedText';
import { serveWorker } from '../src/rpc/workerPort';
import { fetchWebllm } from '../src/modelsWorker/fetchModels';
import { openAccess } from '../src/models/hub';
import { openLocal } from '../src/models/storedFiles';

declare const self: DedicatedWorkerGlobalScope;

// WebLLM looks into Cache Storage for each of its files.
Object.defineProperty(self, 'caches', { value: new LocalCaches(self.caches, openLocal) });

/** As the last load said. */
let hub = openAccess;

const host = new WebllmHost({
  async openLibrary() {
    const [webllm, { version }] = await Promise.all([
      import('@mlc-ai/web-llm'),
      import('@mlc-ai/web-llm/package.json'),
    ]);
    return {
      version,
      prebuilt: webllm.prebuiltAppConfig,
      createEngine: () => new webllm.MLCEngine({ logLevel: 'WARN' }),
    };
  },
  async adapter() {
    const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) return null;
    const { vendor, architecture, description } = adapter.info;
    return {
      name: description || [vendor, architecture].filter((part) => part !== '').join(' ') || 'this adapter',
      features: new Set(adapter.features),
      maxStorageBufferBinding: adapter.limits.maxStorageBufferBindingSize,
    };
  },
  bring: (place, options) => fetchWebllm(place, { ...options, hub }),
  readText: readCachedText,
});

serveWorker<WebllmProtocol>(self, {
  load: ({ model, hub: access }, { signal, progress }) => {
    hub = access;
    return host.load(model, { signal, onProgress: progress });
  },
  generate: (request, { signal, progress }) =>
    host.generate(request, { signal, onText: (text) => progress({ text }) }),
});
