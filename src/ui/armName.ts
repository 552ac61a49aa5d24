/** Arm names of the report as people say them. */
import { strings } from './strings';

export type ArmKind = 'base' | 'distilled' | 'ensemble' | 'control' | 'single';

export function armKind(name: string): ArmKind {
  if (name.startsWith('distilled:')) return 'distilled';
  if (name.startsWith('control:')) return 'control';
  if (name.startsWith('base')) return 'base';
  return name.startsWith('single') ? 'single' : 'ensemble';
}

export function strategyLabel(strategy: string): string {
  return strings.strategies[strategy] ?? strategy;
}

export function armLabel(name: string): string {
  const [kind, detail = ''] = name.split(/:(.*)/s);
  if (kind === 'distilled') return strings.arms.distilled(strategyLabel(detail));
  if (kind === 'control') return strings.arms.control(strings.controls[detail] ?? detail);
  if (kind === 'vote') return strings.arms.vote(detail);
  if (kind === 'vote-zero-shot') return strings.arms.zeroShotVote(detail);
  return strings.arms.plain[name] ?? name;
}
