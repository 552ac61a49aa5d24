/**
 * The `protocol` of a student's turns under evaluation: `eval:ARM`, `eval:ARM#SEED` of a further distillation seed, with `:sampled`
 * where the answer was sampled, not greedy, and each with `:check` where it checks its own answer. Written and read here alone.
 */
export interface Evaluation {
  /** The arm's id, as the report names it. */
  readonly arm: string;
  /** Index of the distillation seed. */
  readonly seed: number;
  /** The first answer was sampled. */
  readonly sampled: boolean;
  /** The student was asked to check its answer. */
  readonly check: boolean;
}

const prefix = 'eval:';
const check = ':check';
const sampledMark = ':sampled';

/** The first seed carries no number. */
export function evalProtocol(arm: string, seed = 0): string {
  return `${prefix}${arm}${seed === 0 ? '' : `#${seed}`}`;
}

/** An answer sampled at temperature 1, which the student is asked to check. */
export function sampledProtocol(arm: string, seed = 0): string {
  return `${evalProtocol(arm, seed)}${sampledMark}`;
}

/** The second answer, after a first one under `first`. */
export function checkOf(first: string): string {
  return `${first}${check}`;
}

export function checkProtocol(arm: string, seed = 0): string {
  return checkOf(evalProtocol(arm, seed));
}

/** Null where the turn is none of an evaluation. */
export function parseEvalProtocol(protocol: string): Evaluation | null {
  if (!protocol.startsWith(prefix)) return null;
  const [, arm = '', seed = '0', sampled, checked] =
    /^(.*?)(?:#([1-9]\d*))?(:sampled)?(:check)?$/s.exec(protocol.slice(prefix.length)) ?? [];
  return { arm, seed: Number(seed), sampled: sampled !== undefined, check: checked !== undefined };
}

/** Whether a student's answer under evaluation, not a turn of the debate or a sample. */
export function isEvaluation(protocol: string): boolean {
  return protocol.startsWith(prefix);
}
