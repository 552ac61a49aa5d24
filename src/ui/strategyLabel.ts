import { strings } from './strings';

/** The name of a training, as shown: a strategy, or the reward model. */
export function strategyLabel(strategy: string): string {
  return strings.strategies[strategy] ?? strategy;
}
