/** Which settings a debate and a training depend on, and in which two runs differ. */
import { entries, sameValue, valueAt, withValue, type Entry, type Path, type RunConfig } from './config';
import { calledThen, type Scope } from './setting';

/** Kinds of trainings by what they depend on. */
export type TrainingKind = 'supervised' | 'judge' | 'rl';

const scopesOf: Readonly<Record<TrainingKind, readonly Scope[]>> = {
  supervised: ['training'],
  judge: ['training', 'judge'],
  rl: ['training', 'judge', 'rl'],
};

/** The settings that a training depends on, beyond the debate. */
export function trainingSettings(kind: TrainingKind): readonly Path[] {
  const scopes = scopesOf[kind];
  return entries
    .filter(({ setting }) => setting.scopes.some((scope) => scopes.includes(scope)))
    .map(({ path }) => path);
}

/** The settings whose values two configs do not share, in the order of the table. */
export function differing(a: RunConfig, b: RunConfig): readonly Entry[] {
  return entries.filter(({ path }) => !sameValue(valueAt(a, path), valueAt(b, path)));
}

/** Settings that say what is asked beside the test questions: on a debate that is used again they can be others. */
export const evaluationSettings = ['oodQuestions', 'robustQuestions', 'evalSets', 'evalQuestions'] as const;

export type Evaluation = Partial<Pick<RunConfig, (typeof evaluationSettings)[number]>>;

/** Those of a config that these flags set. */
export function givenEvaluation(config: RunConfig, flags: Iterable<string>): Evaluation {
  const given = new Set(flags);
  const own = entries.filter(
    ({ path, setting }) => evaluationSettings.some((one) => one === path) && given.has(setting.flag),
  );
  return Object.fromEntries(own.map(({ path }) => [path, valueAt(config, path)]));
}

/** A config whose debate is another run's: only what comes after the debate is its own, and the evaluation sets that it names. */
export function sameDebate(config: RunConfig, source: RunConfig, evaluation: Evaluation = {}): RunConfig {
  const debate = entries.filter(({ setting }) => setting.scopes[0] === 'debate');
  const merged = debate.reduce<RunConfig>(
    (own, { path }) => withValue(own, path, valueAt(source, path)),
    config,
  );
  return { ...merged, ...evaluation, preset: 'custom' };
}

/**
 * The config as text for ids: by the keys of version 0.1, sorted, so that a run keeps the id it had. A setting that did not exist
 * then counts once it is not at what was done then.
 */
export function configIdentity(config: RunConfig, later: ReadonlySet<Path> = laterSettings): string {
  const values = entries
    .filter(({ path, setting }) => {
      const then = 'before' in setting ? setting.before : setting.quick;
      return !later.has(path) || !sameValue(valueAt(config, path), then);
    })
    .map(({ path, setting }) => [setting.was ?? path, calledThen(setting, valueAt(config, path))] as const);
  const all: (readonly [string, unknown])[] = [['preset', config.preset], ...values];
  return JSON.stringify(all.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Settings that came after version 0.1. */
const laterSettings: ReadonlySet<Path> = new Set<Path>([
  'maxEpochs',
  'patience',
  'trainFile',
  'testFile',
  'evalSets',
  'evalQuestions',
  'nearDuplicates',
  'thinking',
  'thinkingBudget',
  'readThoughts',
  'trainThoughts',
  'maxSamples',
  'tieBreak',
  'primary',
  'minAgreement',
  'stepFilter',
  'peerMentions',
  'tracesPerQuestion',
  'maxLength',
  'kvCache',
  'recompute',
  'pad.rl.share',
  'pad.rl.extraQuestions',
  'correct.from',
  'correct.samples',
  'correct.ratio',
  'correct.rlUpdates',
  'correct.bonus',
]);
