/**
 * One LoRA step (r 8, all seven linears, AdamW without clipping): ours on both paths, jax-js on both of its own.
 */
import { loadModel, unloadModel } from '../../src/lm/load.ts';
import { UrlSource } from '../../src/lm/sources.ts';
import { createAdapter, releaseAdapter, writeAdapter } from '../../src/lm/adapter.ts';
import { linearNames } from '../../src/lm/types.ts';
import { Backprop } from '../../src/train/backprop.ts';
import { packExamples } from '../../src/train/batch.ts';
import { makeJaxPeer, perLinear } from './jaxPeer.js';
import {
  bundledConfig,
  jaxBase,
  loraMatrices,
  modelSource,
  randomWeights,
  rotaryTables,
  transposed,
} from './bundledModel.js';
import { numbers, race } from './measure.js';
/** @import { FileSource } from '../../src/core/fileSource' */
/** @import { Backend } from '../../src/compute/ops' */
/** @import { BenchContext, BenchWeights, Contender, Jax, JaxAdapter, JaxDevice } from './types' */

const rank = 8;
const scale = 2;
const lr = 1e-3;
const size = { batch: 32, time: 80 };

/** @param {number} count @param {number} vocab */
function tokenIds(count, vocab) {
  return Array.from(numbers(count, 7, 0.5), (value) => Math.floor((value + 0.5) * vocab));
}

/**
 * Documents of time + 1 tokens, loss on all but the first.
 * @param {number} batch @param {number} time @param {number} vocab
 */
function documents(batch, time, vocab) {
  const ids = tokenIds(batch * (time + 1), vocab);
  return Array.from({ length: batch }, (_, i) => ids.slice(i * (time + 1), (i + 1) * (time + 1)));
}

/**
 * @param {string} contender @param {Backend} backend @param {FileSource} source @param {readonly (readonly number[])[]} docs
 * @param {ReturnType<typeof loraMatrices> | null} named
 */
async function arklet(contender, backend, source, docs, named) {
  const model = await loadModel(source, backend, { maxContext: 512, owner: 'bench' });
  const config = { rank, alpha: scale * rank, rslora: false, dropout: 0, targets: [...linearNames] };
  const adapter = createAdapter(model, config, { seed: 0, owner: 'bench' });
  if (named) writeAdapter(backend, adapter, named);
  const flat = (/** @type {string} */ label) => {
    const tensor = backend.tensor(adapter.params.shape, { owner: 'bench', label });
    backend.fill({ x: tensor, value: 0 });
    return tensor;
  };
  const [gradient, m, v] = [flat('gradient'), flat('m'), flat('v')];
  const batch = packExamples(docs.map((ids) => ({ ids, responseStart: 1 })));
  const count = batch.targets.length;
  const nll = backend.tensor([count], { owner: 'bench', label: 'nll' });
  const weights = new Float32Array(count).fill(1 / count);
  const backprop = new Backprop(model, adapter, {
    owner: 'bench',
    capacity: { rows: batch.rows, targets: count },
  });
  let step = 0;
  const run = async () => {
    step++;
    backend.fill({ x: gradient, value: 0 });
    backprop.forward(batch);
    backprop.backward({ nll, weights, gradient });
    const torch = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0 };
    backend.adamw({ param: adapter.params, grad: gradient, m, v, step, lr, ...torch });
    const losses = await backend.read(nll);
    return [losses.reduce((sum, loss) => sum + loss, 0) / count];
  };
  const release = () => {
    backprop.dispose();
    backend.release(gradient, m, v, nll);
    releaseAdapter(backend, adapter);
    unloadModel(model);
  };
  return { contender, run, release };
}

/**
 * @param {string} contender @param {Jax} jax @param {JaxDevice} device @param {readonly (readonly number[])[]} docs
 * @param {BenchWeights} weights @returns {Contender}
 */
function jaxContender(contender, jax, device, docs, weights) {
  const config = bundledConfig;
  const { batch, time } = size;
  const half = config.headDim / 2;
  jax.defaultDevice(device);
  const { numpy: np } = jax;
  const peer = makeJaxPeer(jax, device, config);
  const onehot = (/** @type {readonly number[]} */ ids) => {
    const data = new Float32Array(ids.length * config.vocab);
    ids.forEach((id, i) => (data[i * config.vocab + id] = 1));
    return peer.f32(data, [ids.length, config.vocab]);
  };
  const { cos, sin } = rotaryTables(config, time);
  const mask = new Float32Array(time * time);
  for (let i = 0; i < time; i++) for (let j = i + 1; j < time; j++) mask[i * time + j] = -1e30;
  const base = {
    ...jaxBase(peer, config, weights),
    onehot: onehot(docs.flatMap((ids) => ids.slice(0, -1))),
    targets: onehot(docs.flatMap((ids) => ids.slice(1))),
    cos: peer.f32(cos, [time, 1, half]),
    sin: peer.f32(sin, [time, 1, half]),
    mask: peer.f32(mask, [time, time]),
  };
  /**
   * @param {(a: Float32Array<ArrayBuffer>, inputs: number) => Float32Array<ArrayBuffer>} valueOfA
   * @returns {JaxAdapter}
   */
  const matrices = (valueOfA) =>
    weights.lora.map((block) =>
      perLinear(config, (name, [i, o]) => ({
        a: peer.f32(valueOfA(block[name], i), [i, rank]),
        b: peer.f32(new Float32Array(rank * o), [rank, o]),
      })),
    );
  let params = matrices((a, i) => transposed(a, rank, i));
  let m = matrices((_, i) => new Float32Array(i * rank));
  let v = matrices((_, i) => new Float32Array(i * rank));
  const step = peer.makeStep({ batch, time, lr, scale });
  let count = 0;
  const run = async () => {
    jax.defaultDevice(device);
    count++;
    const c1 = np.array(1 - 0.9 ** count, { device });
    const c2 = np.array(1 - 0.999 ** count, { device });
    const [loss, ...next] = step(params, m, v, jax.tree.ref(base), c1, c2);
    [params, m, v] = next;
    const value = await loss.data();
    await jax.blockUntilReady([params, m, v]);
    return value;
  };
  return { contender, run, release: () => jax.tree.dispose([params, m, v, base]) };
}

/** @param {BenchContext} context */
export async function benchLoraStep({ backends, jax, rounds, wanted, log, smollm2Url }) {
  const rows = [];
  const score = (/** @type {number} */ seconds) => seconds * 1000;
  const lower = { unit: 'ms', better: /** @type {const} */ ('lower'), score, log };
  if (wanted('lora-step-bundled')) {
    const weights = randomWeights(bundledConfig, rank);
    const docs = documents(size.batch, size.time, bundledConfig.vocab);
    const source = modelSource(bundledConfig, weights);
    const named = loraMatrices(bundledConfig, weights, rank);
    const own = await arklet('arklet', backends.webgpu, source, docs, named);
    const contenders = [
      own,
      await arklet('arklet-cpu', backends.wasm, source, docs, named),
      jaxContender('jax-js', jax, 'webgpu', docs, weights),
      jaxContender('jax-js-wasm', jax, 'wasm', docs, weights),
    ];
    rows.push(...(await race({ work: 'lora-step-bundled', contenders, rounds, ...lower })));
    const { profiler } = backends.webgpu.recorder;
    const before = profiler.dispatches;
    await own.run();
    log(`lora-step-bundled arklet: ${profiler.dispatches - before} dispatches`);
    for (const contender of contenders) await contender.release();
  }
  if (wanted('lora-step-smollm2') && smollm2Url) {
    const docs = documents(2, 64, 49152);
    for (const { contender, backend } of [
      { contender: 'arklet', backend: backends.webgpu },
      { contender: 'arklet-cpu', backend: backends.wasm },
    ]) {
      const source = new UrlSource(new URL(smollm2Url, location.href).href);
      backend.ledger.resetPeak();
      const entry = await arklet(contender, backend, source, docs, null);
      rows.push(
        ...(await race({
          work: 'lora-step-smollm2',
          contenders: [entry],
          rounds: Math.min(rounds, 3),
          ...lower,
        })),
      );
      log(`lora-step-smollm2 ${contender}: peak ${(backend.ledger.peak / 1e6).toFixed(0)} MB`);
      entry.release();
    }
  }
  return rows;
}
