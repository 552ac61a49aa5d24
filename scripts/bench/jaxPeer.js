/**
 * The same work in jax-js (github.com/ekzhang/jax-js): the LoRA step and the decoding loop of the bundled size.
 * jax-js consumes its arguments: every further use takes `.ref`.
 */
/**
 * @import {
 *   BenchConfig, Jax, JaxAdapter, JaxArray, JaxBase, JaxBatch, JaxBlock, JaxCache, JaxDevice, JaxLora, LinearName, PerLinear
 * } from './types'
 */

/**
 * @template T
 * @param {readonly T[]} list @param {number} index @returns {T}
 */
function at(list, index) {
  const found = list[index];
  if (found === undefined) throw new RangeError(`no entry ${index} of ${list.length}`);
  return found;
}

/** @type {readonly LinearName[]} */
export const linearNames = ['q', 'k', 'v', 'o', 'gate', 'up', 'down'];

/**
 * [in, out] of each linear of a block.
 * @param {BenchConfig} config @returns {PerLinear<[number, number]>}
 */
export function linearShapes({ hidden, heads, kvHeads, headDim, ffn }) {
  return {
    q: [hidden, heads * headDim],
    k: [hidden, kvHeads * headDim],
    v: [hidden, kvHeads * headDim],
    o: [heads * headDim, hidden],
    gate: [hidden, ffn],
    up: [hidden, ffn],
    down: [ffn, hidden],
  };
}

/**
 * A value for each linear of a block, in the order of `linearNames`.
 * @template T
 * @param {BenchConfig} config @param {(name: LinearName, shape: [number, number]) => T} make @returns {PerLinear<T>}
 */
export function perLinear(config, make) {
  const shapes = linearShapes(config);
  return {
    q: make('q', shapes.q),
    k: make('k', shapes.k),
    v: make('v', shapes.v),
    o: make('o', shapes.o),
    gate: make('gate', shapes.gate),
    up: make('up', shapes.up),
    down: make('down', shapes.down),
  };
}

/** @param {Jax} jax @param {JaxDevice} device @param {BenchConfig} config */
export function makeJaxPeer(jax, device, config) {
  const { numpy: np, nn } = jax;
  const { hidden, heads, kvHeads, headDim, vocab, eps } = config;
  /** @param {Float32Array<ArrayBuffer>} data @param {readonly number[]} shape */
  const f32 = (data, shape) => np.array(data, { device }).reshape(shape);

  /** @param {JaxArray} x @param {JaxArray} weight */
  function norm(x, weight) {
    const meanSquare = np.mean(np.square(x.ref), -1, { keepdims: true });
    return x.mul(np.reciprocal(np.sqrt(meanSquare.add(eps)))).mul(weight);
  }

  /**
   * x [.., in] through W [in, out] and, with an adapter, scale * (x A) B.
   * @param {JaxArray} x @param {JaxArray} weight @param {JaxLora | undefined} lora @param {number} scale
   */
  function linear(x, weight, lora, scale) {
    if (!lora) return np.matmul(x, weight);
    const base = np.matmul(x.ref, weight);
    return base.add(np.matmul(np.matmul(x, lora.a), lora.b).mul(scale));
  }

  /**
   * x [batch, time, heads, headDim]; cos, sin [time, 1, headDim / 2].
   * @param {JaxArray} x @param {JaxArray} cos @param {JaxArray} sin
   */
  function rotate(x, cos, sin) {
    const half = headDim / 2;
    const left = x.ref.slice([], [], [], [0, half]);
    const right = x.slice([], [], [], [half, headDim]);
    const first = left.ref.mul(cos.ref).sub(right.ref.mul(sin.ref));
    const second = right.mul(cos).add(left.mul(sin));
    return np.concatenate([first, second], -1);
  }

  /**
   * @param {JaxArray} x @param {JaxBlock} weights @param {PerLinear<JaxLora> | undefined} adapter @param {number} scale
   * @param {(q: JaxArray, k: JaxArray, v: JaxArray) => JaxArray} attend
   */
  function block(x, weights, adapter, scale, attend) {
    const name = (/** @type {LinearName} */ key) => adapter?.[key];
    const h = norm(x.ref, weights.inputNorm);
    const q = linear(h.ref, weights.q, name('q'), scale);
    const k = linear(h.ref, weights.k, name('k'), scale);
    const v = linear(h, weights.v, name('v'), scale);
    const y = x.add(linear(attend(q, k, v), weights.o, name('o'), scale));
    const g = norm(y.ref, weights.postNorm);
    const gate = linear(g.ref, weights.gate, name('gate'), scale);
    const up = linear(g, weights.up, name('up'), scale);
    return y.add(linear(nn.silu(gate).mul(up), weights.down, name('down'), scale));
  }

  /**
   * Mean cross-entropy of targets [batch, time] given ids [batch, time].
   * @param {JaxAdapter} adapter @param {JaxBatch} base @param {number} scale @param {number} batch @param {number} time
   */
  function loss(adapter, base, scale, batch, time) {
    let x = np.matmul(base.onehot, base.embed.ref).reshape([batch, time, hidden]);
    const group = heads / kvHeads;
    base.layers.forEach((weights, index) => {
      x = block(x, weights, adapter[index], scale, (q, k, v) => {
        const rq = rotate(q.reshape([batch, time, heads, headDim]), base.cos.ref, base.sin.ref);
        const rk = rotate(k.reshape([batch, time, kvHeads, headDim]), base.cos.ref, base.sin.ref);
        const vv = v.reshape([batch, time, kvHeads, headDim]);
        // [batch, kvHeads, group, time, headDim] x [batch, kvHeads, 1, headDim, time]
        const qh = rq.reshape([batch, time, kvHeads, group, headDim]).transpose([0, 2, 3, 1, 4]);
        const kh = rk.transpose([0, 2, 3, 1]).reshape([batch, kvHeads, 1, headDim, time]);
        const vh = vv.transpose([0, 2, 1, 3]).reshape([batch, kvHeads, 1, time, headDim]);
        const scores = np
          .matmul(qh, kh)
          .mul(headDim ** -0.5)
          .add(base.mask.ref);
        const mixed = np.matmul(nn.softmax(scores, -1), vh);
        return mixed.transpose([0, 3, 1, 2, 4]).reshape([batch, time, heads * headDim]);
      });
    });
    const logits = np
      .matmul(norm(x, base.finalNorm), np.transpose(base.embed))
      .reshape([batch * time, vocab]);
    const picked = nn.logSoftmax(logits, -1).mul(base.targets);
    return picked.sum().mul(-1 / (batch * time));
  }

  /**
   * A jitted LoRA step: (params, m, v, base, correction1, correction2) -> [loss, params, m, v].
   * AdamW with torch's defaults, weight decay 0, no clipping; the base is frozen.
   * @param {{ batch: number, time: number, lr: number, scale: number }} options
   */
  function makeStep({ batch, time, lr, scale }) {
    const { tree } = jax;
    /**
     * @param {JaxAdapter} params @param {JaxAdapter} m @param {JaxAdapter} v @param {JaxBatch} base
     * @param {JaxArray} c1 @param {JaxArray} c2 @returns {[JaxArray, JaxAdapter, JaxAdapter, JaxAdapter]}
     */
    const step = (params, m, v, base, c1, c2) => {
      const [value, grads] = jax.valueAndGrad((/** @type {JaxAdapter} */ p) =>
        loss(p, base, scale, batch, time),
      )(tree.ref(params));
      const [g, structure] = tree.flatten(grads);
      const [p] = tree.flatten(params);
      const [mm] = tree.flatten(m);
      const [vv] = tree.flatten(v);
      const nextM = g.map((grad, i) => at(mm, i).mul(0.9).add(grad.ref.mul(0.1)));
      const nextV = g.map((grad, i) => at(vv, i).mul(0.999).add(np.square(grad).mul(0.001)));
      const nextP = p.map((param, i) => {
        const denominator = np.sqrt(at(nextV, i).ref.div(c2.ref)).add(1e-8);
        return param.sub(at(nextM, i).ref.div(c1.ref).div(denominator).mul(lr));
      });
      /** @param {readonly JaxArray[]} list @returns {JaxAdapter} */
      const build = (list) => tree.unflatten(structure, list);
      return [value, build(nextP), build(nextM), build(nextV)];
    };
    return jax.jit(step);
  }

  /**
   * One token of a greedy loop over a fixed-size cache: (base, caches, id, position) -> [logits, caches].
   */
  function makeDecoder() {
    const group = heads / kvHeads;
    /**
     * @param {JaxBase} base @param {readonly JaxCache[]} caches @param {JaxArray} onehot @param {JaxArray} here @param {JaxArray} cos
     * @param {JaxArray} sin @param {JaxArray} mask @returns {[JaxArray, JaxCache[]]}
     */
    const decode = (base, caches, onehot, here, cos, sin, mask) => {
      let x = np.matmul(onehot, base.embed.ref).reshape([1, 1, hidden]);
      /** @type {JaxCache[]} */
      const next = [];
      base.layers.forEach((weights, index) => {
        x = block(x, weights, undefined, 1, (q, k, v) => {
          const rq = rotate(q.reshape([1, 1, heads, headDim]), cos.ref, sin.ref);
          const rk = rotate(k.reshape([1, 1, kvHeads, headDim]), cos.ref, sin.ref).reshape([
            1,
            kvHeads,
            headDim,
          ]);
          const vv = v.reshape([1, kvHeads, headDim]);
          const keep = np.subtract(1, here.ref);
          const cache = at(caches, index);
          const keys = cache.k.mul(keep.ref).add(rk.mul(here.ref));
          const values = cache.v.mul(keep).add(vv.mul(here.ref));
          next.push({ k: keys.ref, v: values.ref });
          const qh = rq.reshape([kvHeads, group, headDim]);
          const kh = keys.transpose([1, 2, 0]);
          const vh = values.transpose([1, 0, 2]);
          const scores = np
            .matmul(qh, kh)
            .mul(headDim ** -0.5)
            .add(mask.ref);
          return np.matmul(nn.softmax(scores, -1), vh).reshape([1, 1, heads * headDim]);
        });
      });
      const logits = np.matmul(norm(x, base.finalNorm), np.transpose(base.embed)).reshape([vocab]);
      return [logits, next];
    };
    return jax.jit(decode);
  }

  return { f32, makeStep, makeDecoder };
}
