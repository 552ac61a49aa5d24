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

/** Whether what is stored under this name was trained on scores of its own samples: PAD, or RL on the second answer. */
export function endsInRl(name: string): boolean {
  const kind = stagesOf(name).at(-1)?.kind;
  return kind === 'pad' || kind === 'rl';
}

function uses({ strategies }: { readonly strategies: readonly string[] }, kind: StrategyStageKind): boolean {
  return strategies.some((strategy) => stagesOf(strategy).some((stage) => stage.kind === kind));
}

export function usesPad(config: { readonly strategies: readonly string[] }): boolean {
  return uses(config, 'pad');
}

/** Whether a setting, by its place in the config, matters to none of these runs: one of PAD without PAD. */
export function isIdle(
  path: string,
  configs: readonly { readonly strategies: readonly string[] }[],
): boolean {
  return path === 'pad.rl.share'
    ? !configs.some(keepsQuestions)
    : path.startsWith('pad.') && !configs.some(usesPad);
}

/** Whether what is stored under this name practised the second answer. */
export function practisesSecond(name: string): boolean {
  return stagesOf(name).at(-1)?.kind === 'rl';
}

/**
 * What the control of equal steps stands for: the first strategy's stage `correct`, else the last stage of the first stack, else RSFT
 * once more. `stepsOf` is that stage, `after` the one before it, from which the control continues.
 */
export function equalSteps(strategies: readonly string[]): {
  readonly after: string | null;
  readonly stepsOf: string | null;
} {
  const all = strategies.map((strategy) => stagesOf(strategy));
  const corrects = all.flat().find(({ kind }) => kind === 'correct');
  const stacked = all.find((stages) => stages.length > 1)?.at(-1);
  const stage = corrects ?? stacked;
  return stage ? { after: stage.after, stepsOf: stage.name } : { after: 'rsft', stepsOf: 'rsft' };
}

/** Whether PAD starts from an adapter in some strategy. */
export function stacksPad({ strategies }: { readonly strategies: readonly string[] }): boolean {
  return strategies.some((strategy) =>
    stagesOf(strategy).some(({ kind, after }) => kind === 'pad' && after !== null),
  );
}

/** Whether in some strategy stages come before one that wants questions of its own: PAD, or self-correction. */
export function keepsQuestions({ strategies }: { readonly strategies: readonly string[] }): boolean {
  return strategies.some((strategy) => firstApart(stagesOf(strategy)) > 0);
}

/** Which questions are kept for later stages. */
export interface KeptQuestions {
  /** Of the training questions. */
  readonly share: number;
  /** Beyond the training questions, for PAD alone. */
  readonly extraQuestions: number;
}

/** Whether a share of the training questions is kept from this strategy's first stages: PAD needs none where it has extra ones. */
export function sharesQuestions(strategy: string, { share, extraQuestions }: KeptQuestions): boolean {
  const stages = stagesOf(strategy);
  const apart = firstApart(stages);
  return share > 0 && apart > 0 && (extraQuestions === 0 || stages[apart]?.kind !== 'pad');
}

/** Index of the first stage that works on answers to questions which the stages before it did not see; -1 where there is none. */
function firstApart(stages: readonly StrategyStage[]): number {
  return stages.findIndex(({ kind }) => kind === 'pad' || kind === 'correct');
}

/** Whether it starts from the untrained student in one. */
export function startsWithPad({ strategies }: { readonly strategies: readonly string[] }): boolean {
  return strategies.some((strategy) => stagesOf(strategy)[0]?.kind === 'pad');
}

const part = '-part';

/** The name of a stage that learns from a part of the questions, without saying so; others as they are. */
export function withoutPart(name: string): string {
  return name.endsWith(part) ? name.slice(0, -part.length) : name;
}

/**
 * The stages of a strategy as they are stored. Where PAD or self-correction has questions of its own, the stages before it learn from
 * the others alone and are trainings of another name.
 */
export function storedStages<Name extends string>(
  strategy: Name,
  kept: KeptQuestions,
): readonly (StrategyStage<Parts<Name>> & { readonly partly: boolean })[] {
  const stages = stagesOf(strategy);
  const apart = sharesQuestions(strategy, kept) ? firstApart(stages) : -1;
  const named = (name: string, at: number): string => (at < apart ? `${name}${part}` : name);
  return stages.map((stage, i) => ({
    ...stage,
    name: named(stage.name, i),
    after: stage.after === null ? null : named(stage.after, i - 1),
    partly: i < apart,
  }));
}

/** Whether a student learns to correct itself. */
export function usesCorrection(config: { readonly strategies: readonly string[] }): boolean {
  return uses(config, 'correct');
}

/** Whether it then practises that by RL. */
export function usesSecondTurnRl(config: { readonly strategies: readonly string[] }): boolean {
  return uses(config, 'rl');
}
