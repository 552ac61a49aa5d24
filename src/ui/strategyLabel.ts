import { strings } from './strings';

/** What was trained, as people say it: a strategy, or the reward model. */
export function strategyLabel(strategy: string): string {
  return strings.strategies[strategy] ?? strategy;
}
