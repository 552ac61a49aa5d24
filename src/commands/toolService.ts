/** The tools worker's logic: one backend for its life, one verb at a time. */
import type { GpuBackend } from '../compute/gpuBackend';
import type { Backend } from '../compute/ops';
import { selftest } from '../compute/selftest';
import { deviceBench } from '../engine/deviceBench';
import type { FileSource } from '../core/fileSource';
import { UrlSource } from '../lm/sources';
import type { Handlers } from '../rpc/rpc';
import type { ToolProtocol } from './toolProtocol';
import { runTool } from './tools';

/** A folder's address, or a .gguf file's. */
export function urlSource(place: string): FileSource {
  if (!place.endsWith('.gguf')) return new UrlSource(place);
  const cut = place.lastIndexOf('/') + 1;
  return new UrlSource(place.slice(0, cut), [place.slice(cut)]);
}

export function toolHandlers(make: {
  webgpu(): Promise<GpuBackend>;
  wasm(): Promise<Backend>;
}): Handlers<ToolProtocol> {
  let backend: Backend | null = null;
  return {
    async tool(request, { signal, progress }) {
      const open = async (): Promise<Backend> =>
        (backend ??= await (request.backend === 'cpu' ? make.wasm() : make.webgpu()));
      const host = { backend: open, source: async (place: string) => urlSource(place) };
      return runTool(request, host, { signal, onProgress: progress });
    },
    async selftest(request) {
      return selftest(await make.webgpu(), request);
    },
    async bench({ backend: kind }, { signal, progress }) {
      return deviceBench(await (kind === 'cpu' ? make.wasm() : make.webgpu()), {
        signal,
        onFigure: progress,
      });
    },
  };
}
