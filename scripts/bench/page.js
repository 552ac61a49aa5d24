/** The bench page: runs in Chromium beside the peers, on the sources themselves (served by Vite). */
import { benchMatmul } from './matmul.js';
import { benchLoraStep } from './loraStep.js';
import { benchDecode } from './decode.js';
import { createGpuBackend } from '../../src/compute/gpuBackend.ts';
import { createWasmBackend } from '../../src/compute/wasmBackend.ts';
import { machineThreads } from '../../src/core/machineThreads.ts';
/** @import { BenchContext, Peers, RunBench } from './types' */

/** @param {string} url @param {BenchContext['log']} log @returns {Promise<Peers>} */
async function loadPeers(url, log) {
  /** @type {Promise<unknown>} */
  const module = import(/* @vite-ignore */ url);
  const peers = /** @type {Peers} */ (await module);
  const devices = await peers.jax.init();
  log(`jax-js devices: ${devices.join(', ')}`);
  await peers.tf.setBackend('webgpu');
  await peers.tf.ready();
  return peers;
}

/** Runs the works whose name contains one of `only` (all when empty); resolves with {device, rows}. */
/** @type {RunBench} */
const runBench = async ({ only, rounds, peersUrl, smollm2Url, wllama }) => {
  /** @param {string} line */
  const log = (line) => console.log(line);
  /** @param {string} work */
  const wanted = (work) => only.length === 0 || only.some((part) => work.includes(part));
  const peers = await loadPeers(peersUrl, log);
  const backends = {
    webgpu: await createGpuBackend(navigator.gpu),
    // As many threads as the peers take.
    wasm: await createWasmBackend({ threads: machineThreads() }),
  };
  const context = { backends, ...peers, rounds, wanted, log, smollm2Url, wllama };
  const rows = [
    ...(await benchMatmul(context)),
    ...(await benchLoraStep(context)),
    ...(await benchDecode(context)),
  ];
  return { device: `${backends.webgpu.device}; ${backends.wasm.device}`, rows };
};
Object.assign(globalThis, { runBench });
