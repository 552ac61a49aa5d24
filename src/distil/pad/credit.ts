/**
 * From step scores and verdicts to one advantage a token (docs/method.md section 3). Soft-minimum credit is PURE's (arXiv
 * 2504.15275), the leave-one-out baselines are its trainer's, the z-score GRPO's (arXiv 2402.03300) as TRL writes it.
 */

/** softmax(-r / temperature) * r: the worst steps carry the credit, and its sum is a soft minimum of r. */
export function softMinimum(rewards: readonly number[], temperature: number): number[] {
  const least = Math.min(...rewards);
  const weights = rewards.map((reward) => Math.exp((least - reward) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return rewards.map((reward, i) => (reward * (weights[i] ?? 0)) / total);
}

/** A sample as credit sees it. */
export interface CreditSample {
  /** Completion tokens. */
  readonly tokens: number;
  /** Credit of each step (softMinimum times its weight), the index of its last token, and the tokens it owns. */
  readonly steps: readonly { readonly credit: number; readonly token: number; readonly tokens: number }[];
  /** Reward at the end: the verdict, less any penalty; 0 where it is not used. */
  readonly outcome: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The reward of a whole sample: all its steps' credit and its outcome. */
export function sampleReward(sample: CreditSample): number {
  return sum(sample.steps.map(({ credit }) => credit)) + sample.outcome;
}

/**
 * Leave-one-out: token t of sample i gets sum over steps j at or after t of (credit_j - b_j) + (outcome - mean of the
 * others' outcomes), b_j = (the others' credit / the others' tokens) * tokens of step j. Groups of one have no others
 * and get 0.
 */
export function leaveOneOut(group: readonly CreditSample[]): Float64Array[] {
  const credits = group.map(({ steps }) => sum(steps.map(({ credit }) => credit)));
  const allCredit = sum(credits);
  const allTokens = sum(group.map(({ tokens }) => tokens));
  const allOutcomes = sum(group.map(({ outcome }) => outcome));
  const others = group.length - 1;
  return group.map((sample, i) => {
    const returns = new Float64Array(sample.tokens);
    if (others === 0) return returns;
    const perToken = (allCredit - (credits[i] ?? 0)) / Math.max(1, allTokens - sample.tokens);
    const outcome = sample.outcome - (allOutcomes - sample.outcome) / others;
    let step = sample.steps.length - 1;
    let gathered = outcome;
    for (let token = sample.tokens - 1; token >= 0; token--) {
      for (; step >= 0 && (sample.steps[step]?.token ?? -1) >= token; step--) {
        const { credit, tokens } = sample.steps[step]!;
        gathered += credit - perToken * tokens;
      }
      returns[token] = gathered;
    }
    return returns;
  });
}

/** (x - mean) / (sample standard deviation + 1e-4) of the samples' rewards, the same for every token of a sample. */
export function zScore(group: readonly CreditSample[]): Float64Array[] {
  const rewards = group.map(sampleReward);
  const { mean, deviation } = spread(rewards);
  return group.map(({ tokens }, i) =>
    new Float64Array(tokens).fill(((rewards[i] ?? 0) - mean) / (deviation + 1e-4)),
  );
}

/** Mean and sample standard deviation (0 for fewer than two values). */
export function spread(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.length === 0 ? 0 : sum(values) / values.length;
  if (values.length < 2) return { mean, deviation: 0 };
  const squares = sum(values.map((value) => (value - mean) ** 2));
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}

/** Whitens in place over all tokens of a rollout: mean 0, variance 1 (divided by n; 1e-8 beside the variance). */
export function whiten(advantages: readonly Float64Array[]): void {
  const count = sum(advantages.map(({ length }) => length));
  if (count === 0) return;
  let total = 0;
  for (const values of advantages) for (const value of values) total += value;
  const mean = total / count;
  let squares = 0;
  for (const values of advantages) for (const value of values) squares += (value - mean) ** 2;
  const scale = 1 / Math.sqrt(squares / count + 1e-8);
  for (const values of advantages)
    for (let t = 0; t < values.length; t++) values[t] = (values[t]! - mean) * scale;
}

/** Rewards of a rollout, by question, as TRL's GRPOTrainer logs them. */
export function rewardFigures(rewards: readonly (readonly number[])[]): {
  readonly reward: number;
  readonly reward_std: number;
  readonly frac_reward_zero_std: number;
} {
  const { mean, deviation } = spread(rewards.flat());
  const silent = rewards.filter((group) => spread(group).deviation < 1e-8).length;
  return { reward: mean, reward_std: deviation, frac_reward_zero_std: silent / rewards.length };
}
