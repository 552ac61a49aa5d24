/** The models worker with a hub and a chunk size of the test's own. */
import { serve } from '../../src/rpc/rpc';
import { modelsHandlers } from '../../src/modelsWorker/modelsService';
import type { ModelsProtocol } from '../../src/modelsWorker/modelsProtocol';

declare const self: DedicatedWorkerGlobalScope;

const query = new URLSearchParams(self.location.search);
serve<ModelsProtocol>(
  self,
  modelsHandlers({
    base: self.location.origin,
    endpoint: query.get('endpoint') ?? '',
    chunkBytes: Number(query.get('chunk')),
    root: query.get('root') ?? 'test',
    webllm: async () => [],
    findWebllm: async (id) =>
      id.toLowerCase() === 'tiny-mlc' && query.get('listed') !== 'no'
        ? {
            id: 'Tiny-MLC',
            weights: 'https://huggingface.co/tiny/mlc',
            library: `${query.get('endpoint')}/files/${query.get('library') ?? 'tiny'}.wasm`,
          }
        : null,
    threads: 1,
  }),
);
