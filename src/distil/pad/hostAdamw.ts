/** AdamW (arXiv 1711.05101) for a few thousand parameters on the host, with f32 state as on the device. */

export interface HostState {
  readonly params: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
}

/** One step in place, as torch.optim.AdamW; `step` counts from 1, the gradient is scaled by `scale` first. */
export function hostAdamw(
  { params, m, v }: HostState,
  gradient: ArrayLike<number>,
  options: {
    readonly step: number;
    readonly lr: number;
    readonly betas: readonly [number, number];
    readonly eps: number;
    readonly weightDecay: number;
    readonly scale: number;
  },
): void {
  const { step, lr, betas: [beta1, beta2], eps, weightDecay, scale } = options; // prettier-ignore
  const first = 1 - beta1 ** step;
  const second = 1 - beta2 ** step;
  for (let i = 0; i < params.length; i++) {
    const slope = gradient[i]! * scale;
    m[i] = beta1 * m[i]! + (1 - beta1) * slope;
    v[i] = beta2 * v[i]! + (1 - beta2) * slope * slope;
    const decayed = params[i]! * (1 - lr * weightDecay);
    params[i] = decayed - (lr * (m[i]! / first)) / (Math.sqrt(v[i]! / second) + eps);
  }
}
