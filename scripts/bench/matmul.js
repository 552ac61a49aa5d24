/** Matrix products y [M, N] = x [M, K] w [K, N] in f32: ours against jax-js and tfjs. */
import { transposed } from './bundledModel.js';
import { numbers, race } from './measure.js';
/** @import { Backend } from '../../src/compute/ops' */
/** @import { BenchContext, Contender, Jax, JaxArray, JaxDevice, Tf } from './types' */
/** @typedef {readonly [number, number, number]} Shape m, k, n */
/** @typedef {Float32Array<ArrayBuffer>} Data */

/** @type {readonly Shape[]} */
export const matmulShapes = [
  [512, 512, 512],
  [2048, 96, 288],
  [2048, 288, 96],
  [512, 576, 1536],
];

/**
 * @param {string} contender @param {Backend} backend @param {Shape} shape @param {Data} x @param {Data} wT @param {number} repeat
 * @returns {Contender}
 */
function arklet(contender, backend, [m, k, n], x, wT, repeat) {
  const owner = { owner: 'bench', label: 'bench' };
  const input = backend.tensor([m, k], owner);
  const output = backend.tensor([m, n], owner);
  const weight = backend.matrix(n, k, 'f32', owner);
  backend.write(input, x);
  backend.writeRows(weight, 0, n, { format: 'f32', values: wT });
  return {
    contender,
    run: async () => {
      for (let i = 0; i < repeat; i++)
        backend.linear({ x: input, weight, y: output, rows: m, mode: 'train' });
      return backend.read(output);
    },
    release: () => {
      backend.release(input, output);
      backend.releaseMatrix(weight);
    },
  };
}

/**
 * @param {string} contender @param {Jax} jax @param {JaxDevice} device @param {Shape} shape @param {Data} x @param {Data} w
 * @param {number} repeat @returns {Contender}
 */
function jaxContender(contender, jax, device, [m, k, n], x, w, repeat) {
  const { numpy: np } = jax;
  const a = np.array(x, { device }).reshape([m, k]);
  const b = np.array(w, { device }).reshape([k, n]);
  const product = jax.jit((/** @type {JaxArray} */ p, /** @type {JaxArray} */ q) => np.matmul(p, q));
  return {
    contender,
    run: async () => {
      let y = product(a.ref, b.ref);
      for (let i = 1; i < repeat; i++) {
        y.dispose();
        y = product(a.ref, b.ref);
      }
      return y.data();
    },
    release: () => {
      a.dispose();
      b.dispose();
    },
  };
}

/** @param {Tf} tf @param {Shape} shape @param {Data} x @param {Data} w @param {number} repeat @returns {Contender} */
function tfjsContender(tf, [m, k, n], x, w, repeat) {
  const a = tf.tensor2d(x, [m, k]);
  const b = tf.tensor2d(w, [k, n]);
  return {
    contender: 'tfjs',
    run: async () => {
      const results = Array.from({ length: repeat }, () => tf.matMul(a, b));
      tf.backend().endComputePassEncoder?.();
      const data = (await results[repeat - 1]?.data()) ?? [];
      results.forEach((result) => result.dispose());
      return data;
    },
    release: () => tf.dispose([a, b]),
  };
}

/** @param {BenchContext} context */
export async function benchMatmul({ backends, jax, tf, rounds, wanted, log }) {
  const rows = [];
  for (const shape of matmulShapes) {
    const [m, k, n] = shape;
    const work = `matmul-${m}x${k}x${n}`;
    if (!wanted(work)) continue;
    const x = numbers(m * k, 1);
    const w = numbers(k * n, 2);
    const repeat = 2;
    const contenders = [
      arklet('arklet', backends.webgpu, shape, x, transposed(w, k, n), repeat),
      arklet('arklet-cpu', backends.wasm, shape, x, transposed(w, k, n), repeat),
      jaxContender('jax-js', jax, 'webgpu', shape, x, w, repeat),
      jaxContender('jax-js-wasm', jax, 'wasm', shape, x, w, repeat),
      tfjsContender(tf, shape, x, w, repeat),
    ];
    const score = (/** @type {number} */ seconds) => (2 * m * k * n * repeat) / seconds / 1e9;
    rows.push(...(await race({ work, unit: 'GFLOP/s', better: 'higher', contenders, rounds, score, log })));
    for (const contender of contenders) await contender.release();
  }
  return rows;
}
