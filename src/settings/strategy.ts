/** A strategy is its stages, one after another on the same adapter: `rsft+pad` is `rsft`, then `pad`. Taken apart here alone. */
import type { Strategy } from './table';

type Parts<Name extends string> = Name extends `${infer First}+${infer Rest}` ? First | Parts<Rest> : Name;

/** What a stage of a strategy is. */
export type StrategyStageKind = Parts<Strategy>;

export interface StrategyStage<Kind extends string = string> {
  readonly kind: Kind;
  /** The stages up to this one; its adapter and log are stored under it, and strategies that begin alike share them. */
  readonly name: string;
  /** Name of the stage before it. */
  readonly after: string | null;
}

/** In order. A name that is no strategy (a control's, one of a newer version) is a stage of its own. */
export function stagesOf<Name extends string>(strategy: Name): readonly StrategyStage<Parts<Name>>[] {
  const kinds = strategy.split('+');
  return kinds.map((kind, i) => ({
    kind: kind as Parts<Name>,
    name: kinds.slice(0, i + 1).join('+'),
    after: i === 0 ? null : kinds.slice(0, i).join('+'),
  }));
}

/** Whether what is stored under this name was trained on scores. */
export function endsInPad(name: string): boolean {
  return stagesOf(name).at(-1)?.kind === 'pad';
}

export function usesPad({ strategies }: { readonly strategies: readonly string[] }): boolean {
  return strategies.some((strategy) => stagesOf(strategy).some(({ kind }) => kind === 'pad'));
}
