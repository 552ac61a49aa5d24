/** The host's AdamW, which moves the reward head, against torch.optim.AdamW (tests/golden/cpu/make.py). */
import { expect, it } from 'vitest';
import { hostAdamw } from '../../../../src/distil/pad/hostAdamw';
import golden from '../../../golden/cpu/adamw.json';

it('takes the three clipped steps of torch.optim.AdamW, with f32 state', () => {
  const { settings, param, grads, params, m, v } = golden.adamw;
  const { lr, eps, weightDecay, maxNorm } = settings;
  const state = {
    params: Float32Array.from(param),
    m: new Float32Array(param.length),
    v: new Float32Array(param.length),
  };
  const expectClose = (got: Float32Array, want: readonly number[]): void =>
    want.forEach((value, i) => expect(Math.abs(got[i]! - value)).toBeLessThan(1e-6 * (1 + Math.abs(value))));
  grads.forEach((gradient, i) => {
    const norm = Math.hypot(...gradient);
    const scale = Math.min(1, maxNorm / (norm + 1e-6));
    const betas = [settings.betas[0]!, settings.betas[1]!] as const;
    hostAdamw(state, gradient, { step: i + 1, lr, betas, eps, weightDecay, scale });
    expectClose(state.params, params[i]!);
  });
  expectClose(state.m, m);
  expectClose(state.v, v);
});
