/** The bench page: runs in Chromium beside the peers, on the sources themselves (served by Vite). */
import { benchMatmul } from './matmul.js';
import { benchLoraStep } from './loraStep.js';
import { benchDecode } from './decode.js';
import { createGpuBackend } from '/src/compute/gpuBackend.ts';
import { createWasmBackend } from '/src/compute/wasmBackend.ts';

async function loadPeers(url, log) {
  const peers = await import(/* @vite-ignore */ url);
  const devices = await peers.jax.init();
  log(`jax-js devices: ${devices.join(', ')}`);
  await peers.tf.setBackend('webgpu');
  await peers.tf.ready();
  return peers;
}

/** Runs the works whose name contains one of `only` (all when empty); resolves with {device, rows}. */
globalThis.runBench = async ({ only, rounds, peersUrl, smollm2Url, wllama }) => {
  const log = (line) => console.log(line);
  const wanted = (work) => only.length === 0 || only.some((part) => work.includes(part));
  const peers = await loadPeers(peersUrl, log);
  const backends = { webgpu: await createGpuBackend(navigator.gpu), wasm: await createWasmBackend() };
  const context = { backends, ...peers, rounds, wanted, log, smollm2Url, wllama };
  const rows = [
    ...(await benchMatmul(context)),
    ...(await benchLoraStep(context)),
    ...(await benchDecode(context)),
  ];
  return { device: `${backends.webgpu.device}; ${backends.wasm.device}`, rows };
};
