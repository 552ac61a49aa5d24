/**
 * The clipped surrogate (arXiv 1707.06347, eq. 7) with an optional k3 penalty (http://joschu.net/blog/kl-approx.html),
 * per token, as a value and as the weight of each token's negative log-likelihood: weight = d loss / d nll.
 */

export interface PolicyTokens {
  /** Negative log-likelihoods at the sampling temperature: of the policy now, of the rollout's policy, of the reference. */
  readonly nll: ArrayLike<number>;
  readonly old: ArrayLike<number>;
  readonly reference: ArrayLike<number> | null;
  readonly advantages: ArrayLike<number>;
  /** Share of each token in the loss: 1 / all tokens ("dapo") or 1 / (its sequence's tokens * sequences) ("grpo"). */
  readonly shares: ArrayLike<number>;
}

export interface PolicyOptions {
  /** Ratios beyond 1 +- clip are cut. */
  readonly clip: number;
  /** Weight of the k3 estimate in the loss; 0 where the penalty is in the reward. */
  readonly klWeight: number;
}

export interface PolicyStep {
  readonly loss: number;
  /** One weight a token, f32 as Backprop takes them. */
  readonly weights: Float32Array;
  /** Tokens whose ratio was cut from below (advantage below 0) and from above. */
  readonly clippedLow: number;
  readonly clippedHigh: number;
  /** Sum over tokens of the k3 estimate of the divergence from the reference. */
  readonly kl: number;
}

export function policyStep(tokens: PolicyTokens, { clip, klWeight }: PolicyOptions): PolicyStep {
  const { nll, old, reference, advantages, shares } = tokens;
  const weights = new Float32Array(nll.length);
  let [loss, clippedLow, clippedHigh, kl] = [0, 0, 0, 0];
  for (let t = 0; t < nll.length; t++) {
    const share = shares[t]!;
    if (share === 0) continue;
    const advantage = advantages[t]!;
    const ratio = Math.exp(old[t]! - nll[t]!);
    const cut = Math.min(Math.max(ratio, 1 - clip), 1 + clip);
    const low = ratio < 1 - clip && advantage < 0;
    const high = ratio > 1 + clip && advantage > 0;
    if (low) clippedLow++;
    if (high) clippedHigh++;
    let value = -Math.min(ratio * advantage, cut * advantage);
    // d(-ratio A)/d nll = ratio A, and nothing where the cut form is the smaller one.
    let weight = low || high ? 0 : ratio * advantage;
    if (reference) {
      // log p_reference - log p
      const difference = nll[t]! - reference[t]!;
      const k3 = Math.exp(difference) - difference - 1;
      kl += k3;
      value += klWeight * k3;
      weight += klWeight * (Math.exp(difference) - 1);
    }
    loss += share * value;
    weights[t] = share * weight;
  }
  return { loss, weights, clippedLow, clippedHigh, kl };
}

/** The share of each token in the loss; sequences that are left out have none. */
export function tokenShares(
  lengths: readonly number[],
  kept: readonly boolean[],
  normalisation: 'dapo' | 'grpo',
): Float64Array {
  const total = lengths.reduce((sum, length, i) => sum + (kept[i] === true ? length : 0), 0);
  const sequences = lengths.length;
  const shares = new Float64Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  lengths.forEach((length, i) => {
    const share = normalisation === 'dapo' ? 1 / Math.max(1, total) : 1 / (Math.max(1, length) * sequences);
    if (kept[i] === true) shares.fill(share, at, at + length);
    at += length;
  });
  return shares;
}
