/** Runs held against each other: settings that differ, loss curves on one axis, arms with their distance to the baseline. */
import type { RunArchive } from '../../core/jobApi';
import type { ArmResult, TrainLog } from '../../core/records';
import { entries, valueAt, type RunConfig } from '../../settings/config';

/** What comparing needs of a run. */
export type ComparedRun = Pick<RunArchive, 'run' | 'logs' | 'report'>;

export interface SettingRow {
  readonly name: string;
  /** A value a run, as text. */
  readonly values: readonly string[];
  readonly differs: boolean;
}

/** Every setting by its label, those that differ first. */
export function settingRows(runs: readonly { readonly config: RunConfig }[]): SettingRow[] {
  const rows = entries.map(({ path, setting }) => {
    const values = runs.map(({ config }) => setting.write(valueAt(config, path)) || '–');
    return { name: setting.label, values, differs: new Set(values).size > 1 };
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
  /** Accuracy minus the baseline run's of the same arm; null for the baseline itself or where it lacks the arm. */
  readonly delta: number | null;
}

export interface ArmRow {
  readonly name: string;
  readonly cells: readonly (ArmCell | null)[];
}

/** A row an arm, a cell a run; `baseline` is an index into `runs`. */
export function armRows(runs: readonly ComparedRun[], baseline: number): ArmRow[] {
  const names = [...new Set(runs.flatMap(({ report }) => report?.arms.map(({ name }) => name) ?? []))];
  const find = (at: number, name: string): ArmResult | undefined =>
    runs[at]?.report?.arms.find((arm) => arm.name === name);
  return names.map((name) => {
    const reference = find(baseline, name);
    const cells = runs.map((_, at) => {
      const arm = find(at, name);
      if (!arm) return null;
      return { arm, delta: reference && at !== baseline ? arm.accuracy - reference.accuracy : null };
    });
    return { name, cells };
  });
}
