/** Runs held against each other: settings that differ, loss curves on one axis, arms with their distance to the baseline. */
import { familyOf } from '../../eval/arm';
import type { PairCounts } from '../../eval/pairs';
import type { RunArchive } from '../../records/runRecords';
import type { ArmResult } from '../../records/records';
import type { TrainLog } from '../../records/trainLog';
import { entries, sameValue, valueAt, type RunConfig } from '../../settings/config';
import { isIdle } from '../../settings/strategy';
import { shownValue } from '../../settings/setting';
import { deltaOf } from '../compare/baseline';
import { runsStrings as text } from '../strings/runs';

/** What comparing needs of a run. */
export type ComparedRun = Pick<RunArchive, 'run' | 'logs' | 'report'>;

export interface SettingRow {
  readonly name: string;
  /** As the settings call it. */
  readonly label: string;
  /** A value a run, as text. */
  readonly values: readonly string[];
  readonly differs: boolean;
}

/** Every setting, those that differ first. The preset's name adds nothing to its settings. */
export function settingRows(runs: readonly { readonly config: RunConfig }[]): SettingRow[] {
  const configs = runs.map(({ config }) => config);
  const rows = entries.map(({ path, setting }) => {
    const values = configs.map((config) => valueAt(config, path));
    return {
      name: path,
      label: setting.label,
      values: values.map((value) => shownValue(setting, value) || '–'),
      differs: values.some((value) => !sameValue(value, values[0])) && !isIdle(path, configs),
    };
  });
  return rows.sort((a, b) => Number(b.differs) - Number(a.differs));
}

/** The first seed's log of a strategy. */
export function logOf({ logs }: ComparedRun, strategy: string): readonly TrainLog[] {
  const own = logs.filter((log) => log.strategy === strategy);
  return own.reduce((first, log) => (log.seed < first.seed ? log : first), own[0] ?? emptyLog).steps;
}
const emptyLog: RunArchive['logs'][number] = { strategy: '', seed: 0, steps: [] };

/** Strategies (and controls) that any of the runs has trained. */
export function trainedStrategies(runs: readonly ComparedRun[]): string[] {
  return [...new Set(runs.flatMap(({ logs }) => logs.map(({ strategy }) => strategy)))];
}

export interface ArmCell {
  readonly arm: ArmResult;
  /** Against the baseline run's of the same arm; null for the baseline itself or where it lacks the arm. */
  readonly delta: {
    readonly difference: number;
    readonly ci: readonly [number, number] | null;
    readonly paired: boolean;
    /** The coordinator makes the interval of a paired difference of these. */
    readonly counts: PairCounts | null;
  } | null;
}

export interface ArmRow {
  readonly name: string;
  readonly cells: readonly (ArmCell | null)[];
}

function armOf(run: ComparedRun | undefined, name: string): ArmResult | undefined {
  return run?.report?.arms.find((arm) => arm.name === name);
}

const isStudent = (name: string): boolean => familyOf(name) === 'distilled';

/** Arms of any of the runs, the students first. */
export function armNames(runs: readonly ComparedRun[]): string[] {
  const names = [...new Set(runs.flatMap(({ report }) => report?.arms.map(({ name }) => name) ?? []))];
  return names.sort((a, b) => Number(isStudent(b)) - Number(isStudent(a)));
}

/** A cell a run; `baseline` is an index into `runs`. Runs on other questions are held against it without pairs. */
export function armRow(runs: readonly ComparedRun[], name: string, baseline: number): ArmRow {
  const reference = runs[baseline];
  const against = armOf(reference, name);
  const cells = runs.map((run, at): ArmCell | null => {
    const arm = armOf(run, name);
    if (!arm) return null;
    if (!against || !reference || at === baseline) return { arm, delta: null };
    const found = deltaOf({ pairs: [], items: run.report?.items ?? [] }, arm, {
      arm: against,
      run: { id: reference.run.id, name: reference.run.name },
      items: reference.report?.items ?? [],
    });
    if (found.type === 'counts') {
      const { counts } = found;
      const difference = (counts.aOnly - counts.bOnly) / counts.n;
      // Answers are distinguished by their run.
      const named = { ...counts, a: `${name} ${run.run.id}` };
      return { arm, delta: { difference, ci: null, paired: true, counts: named } };
    }
    if (found.type === 'paired')
      return {
        arm,
        delta: { difference: found.pair.difference, ci: found.pair.ci, paired: true, counts: null },
      };
    return { arm, delta: { difference: found.difference, ci: found.ci, paired: false, counts: null } };
  });
  return { name, cells };
}

/** Runs that agree in a setting, or in all that differ but the seed: mean and range of an arm over them. */
export interface RunGroup {
  readonly label: string;
  readonly runs: readonly string[];
  readonly mean: number;
  readonly lo: number;
  readonly hi: number;
}

/** Names that `groups` takes: every setting that differs, and all of them without the seed. */
export const butSeed = '#but-seed';

export function groups(
  runs: readonly ComparedRun[],
  rows: readonly SettingRow[],
  by: string,
  arm: string,
): RunGroup[] {
  const chosen = rows.filter(({ name, differs }) =>
    by === butSeed ? differs && name !== 'seed' : name === by,
  );
  const found = new Map<string, { names: string[]; values: number[] }>();
  runs.forEach((run, at) => {
    const result = armOf(run, arm);
    if (!result) return;
    const label = chosen.map(({ label: setting, values }) => `${setting} ${values[at] ?? '–'}`).join(', ');
    const group = found.get(label) ?? { names: [], values: [] };
    group.names.push(run.run.name);
    group.values.push(result.accuracy);
    found.set(label, group);
  });
  return [...found].map(([label, { names, values }]) => ({
    label: label === '' ? text.allAlike : label,
    runs: names,
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    lo: Math.min(...values),
    hi: Math.max(...values),
  }));
}
