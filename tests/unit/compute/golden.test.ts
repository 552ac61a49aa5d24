/** AdamW and cross-entropy of the reference against torch (tests/golden/cpu/make.py). */
import { expect, test } from 'vitest';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import golden from '../../golden/cpu/adamw.json';

const b = createReferenceBackend();
function tensor(values: readonly number[]) {
  const made = b.tensor([values.length], { owner: 't', label: 't' });
  b.writeF64(made, Float64Array.from(values));
  return made;
}

function expectClose(got: Float64Array, want: readonly number[]): void {
  expect(got.length).toBe(want.length);
  want.forEach((value, i) => expect(Math.abs(got[i]! - value)).toBeLessThan(1e-12 * (1 + Math.abs(value))));
}

test('three clipped steps are those of torch.optim.AdamW', () => {
  const { settings, param, grads, params, m, v } = golden.adamw;
  const p = tensor(param);
  const [first, second, squares] = [tensor([0, 0, 0, 0, 0]), tensor([0, 0, 0, 0, 0]), tensor([0])];
  grads.forEach((values, i) => {
    const grad = tensor(values);
    b.sumSquares({ x: grad, out: squares });
    b.adamw({
      param: p,
      grad,
      m: first,
      v: second,
      step: i + 1,
      lr: settings.lr,
      beta1: settings.betas[0]!,
      beta2: settings.betas[1]!,
      eps: settings.eps,
      weightDecay: settings.weightDecay,
      clip: { sumSquares: squares, maxNorm: settings.maxNorm },
    });
    expectClose(b.readF64(p), params[i]!);
  });
  expectClose(b.readF64(first), m);
  expectClose(b.readF64(second), v);
});

test('weighted cross-entropy and its gradient at a temperature are those of torch', () => {
  const { temperature, logits, targets, rowWeights, nll, gradient } = golden.crossEntropy;
  const x = tensor(logits);
  const loss = tensor([0, 0, 0]);
  const ids = b.tensor([3], { owner: 't', label: 't', dtype: 'u32' });
  b.write(ids, Uint32Array.from(targets));
  b.crossEntropy({
    logits: x,
    targets: ids,
    nll: loss,
    rows: 3,
    vocab: 6,
    temperature,
    rowWeights: tensor(rowWeights),
  });
  expectClose(b.readF64(loss), nll);
  expectClose(b.readF64(x), gradient);
});
