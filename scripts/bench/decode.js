/** Greedy decoding at 1, 8 and 64 sequences: ours on both paths; at one sequence the same loop in jax-js. */
import { loadModel, unloadModel } from '../../src/lm/load.ts';
import { Generator } from '../../src/lm/generate.ts';
import { UrlSource } from '../../src/lm/sources.ts';
import { makeJaxPeer } from './jaxPeer.js';
import { bundledConfig, jaxBase, modelSource, randomWeights, rotaryTables } from './bundledModel.js';
import { race } from './measure.js';
/** @import { FileSource } from '../../src/core/fileSource' */
/** @import { Backend } from '../../src/compute/ops' */
/** @import { BenchContext, BenchWeights, Contender, Jax, JaxDevice, WllamaModule, WllamaUrls } from './types' */

const tokens = 24;
const context = 32;
const smollm2Tokens = 8;

/**
 * @param {string} contender @param {Backend} backend @param {FileSource} source @param {number} sequences @param {number} count
 * @returns {Promise<Contender>}
 */
async function arklet(contender, backend, source, sequences, count) {
  const model = await loadModel(source, backend, { maxContext: 256, owner: 'bench' });
  const generator = new Generator(model, null, { maxSequences: sequences, owner: 'bench' });
  const sampling = { temperature: 0, topP: 1, seed: 0, maxTokens: count };
  const requests = Array.from({ length: sequences }, (_, i) => ({ promptIds: [3 + i], sampling }));
  return {
    contender,
    run: async () => (await generator.generate(requests)).flatMap(({ ids }) => [...ids]),
    release: async () => {
      await generator.dispose();
      unloadModel(model);
    },
  };
}

/** @param {string} contender @param {Jax} jax @param {JaxDevice} device @param {BenchWeights} weights @returns {Contender} */
function jaxContender(contender, jax, device, weights) {
  const config = bundledConfig;
  const half = config.headDim / 2;
  jax.defaultDevice(device);
  const peer = makeJaxPeer(jax, device, config);
  const base = jaxBase(peer, config, weights);
  const decode = peer.makeDecoder();
  const { cos, sin } = rotaryTables(config, context);
  const cacheShape = [context, config.kvHeads, config.headDim];
  const zeros = () => peer.f32(new Float32Array(context * config.kvHeads * config.headDim), cacheShape);
  const run = async () => {
    jax.defaultDevice(device);
    let caches = weights.layers.map(() => ({ k: zeros(), v: zeros() }));
    /** The newest token. */
    let id = 3;
    const ids = [];
    for (let t = 0; t < tokens; t++) {
      const onehot = new Float32Array(config.vocab);
      onehot[id] = 1;
      const here = new Float32Array(context);
      here[t] = 1;
      const mask = new Float32Array(context).fill(-1e30).fill(0, 0, t + 1);
      const rotary = (/** @type {Float32Array<ArrayBuffer>} */ table) =>
        peer.f32(table.slice(t * half, (t + 1) * half), [1, 1, half]);
      const row = peer.f32(onehot, [1, config.vocab]);
      const place = peer.f32(here, [context, 1, 1]);
      const [logits, next] = decode(
        jax.tree.ref(base),
        caches,
        row,
        place,
        rotary(cos),
        rotary(sin),
        peer.f32(mask, [context]),
      );
      caches = next;
      const data = await logits.data();
      id = data.indexOf(Math.max(...data));
      ids.push(id);
    }
    jax.tree.dispose(caches);
    return ids;
  };
  return { contender, run, release: () => jax.tree.dispose(base) };
}

/**
 * llama.cpp in WASM on the Q4_1 file that the f32 folder was decoded from; its arithmetic is its own.
 * @param {WllamaUrls} urls @returns {Promise<Contender>}
 */
async function wllamaContender({ moduleUrl, wasmUrl, modelUrl }) {
  /** @type {Promise<unknown>} */
  const module = import(/* @vite-ignore */ moduleUrl);
  const { Wllama } = /** @type {WllamaModule} */ (await module);
  const engine = new Wllama({ default: new URL(wasmUrl, location.href).href });
  const model = await (await fetch(modelUrl)).blob();
  await engine.loadModel([model], { n_ctx: 256, n_threads: navigator.hardwareConcurrency, n_gpu_layers: 0 });
  return {
    contender: 'wllama',
    checked: false,
    run: async () => {
      const options = { prompt: 'Once', max_tokens: smollm2Tokens, temperature: 0, cache_prompt: false };
      const { usage } = await engine.createCompletion(options);
      if (usage.completion_tokens !== smollm2Tokens)
        throw new Error(`wrote ${usage.completion_tokens} tokens`);
      return [];
    },
    release: () => engine.exit(),
  };
}

const fileOf = (/** @type {string} */ url) => url.slice(url.lastIndexOf('/') + 1);

/** @param {BenchContext} context */
export async function benchDecode({ backends, jax, rounds, wanted, log, smollm2Url, wllama }) {
  const rows = [];
  const weights = randomWeights(bundledConfig, 8);
  const source = modelSource(bundledConfig, weights);
  for (const sequences of [1, 8, 64]) {
    const work = `decode-bundled-${sequences}`;
    if (!wanted(work)) continue;
    const contenders = [
      await arklet('arklet', backends.webgpu, source, sequences, tokens),
      await arklet('arklet-cpu', backends.wasm, source, sequences, tokens),
    ];
    if (sequences === 1) {
      contenders.push(jaxContender('jax-js', jax, 'webgpu', weights));
      contenders.push(jaxContender('jax-js-wasm', jax, 'wasm', weights));
    }
    const score = (/** @type {number} */ seconds) => (sequences * tokens) / seconds;
    rows.push(...(await race({ work, unit: 'tokens/s', better: 'higher', contenders, rounds, score, log })));
    for (const contender of contenders) await contender.release();
  }
  /** @param {string} url @param {readonly string[]} [files] */
  const urlSource = (url, files) => new UrlSource(new URL(url, location.href).href, files);
  /** Of the f32 folder, and of the Q4_1 file that it was decoded from. */
  const sources = {
    'decode-smollm2': smollm2Url && (() => urlSource(smollm2Url)),
    'decode-smollm2-q4':
      wllama &&
      (() =>
        urlSource(new URL('.', new URL(wllama.modelUrl, location.href)).href, [fileOf(wllama.modelUrl)])),
  };
  for (const [name, source] of Object.entries(sources)) {
    for (const sequences of [1, 8]) {
      const work = `${name}-${sequences}`;
      if (!wanted(work) || !source) continue;
      /** @type {Contender[]} */
      const contenders = [];
      for (const { contender, backend } of [
        { contender: 'arklet', backend: backends.webgpu },
        { contender: 'arklet-cpu', backend: backends.wasm },
      ]) {
        backend.ledger.resetPeak();
        contenders.push(await arklet(contender, backend, source(), sequences, smollm2Tokens));
      }
      if (sequences === 1 && wllama) contenders.push(await wllamaContender(wllama));
      const score = (/** @type {number} */ seconds) => (sequences * smollm2Tokens) / seconds;
      const few = Math.min(rounds, 3);
      rows.push(
        ...(await race({ work, unit: 'tokens/s', better: 'higher', contenders, rounds: few, score, log })),
      );
      for (const [contender, backend] of Object.entries(backends)) {
        log(`${work} ${contender}: peak ${(backend.ledger.peak / 1e6).toFixed(0)} MB`);
      }
      for (const contender of contenders) await contender.release();
    }
  }
  return rows;
}
