/** The product's engine in a worker that can be made to hang, to close and to lose its device. */
import { createGpuBackend } from '../../src/compute/gpuBackend';
import { createWasmBackend } from '../../src/compute/wasmBackend';
import { EngineService } from '../../src/engine/engineService';
import type { EngineProtocol } from '../../src/engine/engineProtocol';
import { openModelSource } from '../../src/models/modelSource';
import { signsOfWork } from '../../src/rpc/silence';
import { serveWorker } from '../../src/rpc/workerPort';
import { isChaos, type EngineOrder } from './strike';

declare const self: DedicatedWorkerGlobalScope;

// Its name says that the network is cut.
let cut = self.name === 'cut';
const fetchNow = self.fetch.bind(self);
self.fetch = (...request) => (cut ? Promise.reject(new TypeError('Failed to fetch')) : fetchNow(...request));

let device: GPUDevice | null = null;
if ('GPUAdapter' in self) {
  const original = Reflect.get(GPUAdapter.prototype, 'requestDevice');
  GPUAdapter.prototype.requestDevice = async function (this: GPUAdapter, descriptor) {
    device = await original.call(this, descriptor);
    return device;
  };
}

self.addEventListener('message', ({ data }) => {
  if (!isChaos<EngineOrder>(data)) return;
  switch (data.chaos) {
    case 'hang':
      for (;;);
    case 'heal':
      cut = false;
      return;
    case 'close':
      return self.close();
    case 'destroy':
      return device?.destroy();
    case 'starve': {
      const now = device;
      if (!now) return;
      const original = now.createBuffer.bind(now);
      now.createBuffer = (descriptor) => {
        const buffer = original(descriptor);
        now.destroy();
        return buffer;
      };
      return;
    }
    default:
      data.chaos satisfies never;
  }
});

const onWork = signsOfWork(self);
const service = new EngineService({
  webgpu: () => createGpuBackend(navigator.gpu),
  wasm: (threads) => createWasmBackend({ threads, onWork }),
  threads: 1,
  openSource: openModelSource,
});
serveWorker<EngineProtocol>(self, service.handlers());
