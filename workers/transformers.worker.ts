/** Models of @huggingface/transformers on WebGPU or WASM threads. The library is a chunk of its own, fetched with the first model. */
import { TransformersHost } from '../src/agents/transformers/host';
import { openLibrary } from '../src/agents/transformers/library';
import type { TransformersProtocol } from '../src/agents/transformers/protocol';
import { machineThreads } from '../src/core/machineThreads';
import { serveWorker } from '../src/rpc/workerPort';
import { fetchOnnx } from '../src/modelsWorker/fetchModels';
import { openAccess } from '../src/models/hub';
import { storedBlob } from '../src/models/storedFiles';

declare const self: DedicatedWorkerGlobalScope;

/** As the last load said. */
let hub = openAccess;

const host = new TransformersHost({
  open: openLibrary,
  async adapter() {
    const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) return null;
    return { real: !adapter.info.isFallbackAdapter, f16: adapter.features.has('shader-f16') };
  },
  threads: machineThreads(4),
  files: { stored: storedBlob },
  bring: (repo, options) => fetchOnnx(repo, { ...options, hub }),
});

serveWorker<TransformersProtocol>(self, {
  load: ({ model, hub: access }, { signal, progress }) => {
    hub = access;
    return host.load(model, { signal, onProgress: progress });
  },
  generate: ({ model, ...request }, { signal, progress }) =>
    host.generate(model, request, { signal, onText: (text) => progress({ text }) }),
  count: async ({ model, texts }) => host.count(model, texts),
  unload: async ({ model }) => ({ left: await host.unload(model) }),
});
