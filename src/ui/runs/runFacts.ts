/** Settings and result of a run, for one line of a list; how lists of runs are sorted and filtered. */
import { armId } from '../../eval/arm';
import { findArm, shownStudent } from '../../eval/keyArms';
import type { RunRecord, RunResult } from '../../records/runRecords';
import type { ArmResult } from '../../records/records';
import { strategyLabel } from '../strategyLabel';
import { strings } from '../strings';
import { runsStrings as text } from '../strings/runs';
import { formatPlural } from '../format';

/** The student before training, and the student that the headline names after it. */
export interface RunOutcome {
  readonly before: ArmResult;
  readonly after: ArmResult;
}

export function outcomeOf(result: Pick<RunResult, 'arms' | 'chosen'> | undefined): RunOutcome | null {
  if (!result) return null;
  const before = findArm(result, armId({ kind: 'base' }));
  const after = shownStudent(result);
  return before && after ? { before, after } : null;
}

/** Not so of a stored run that is damaged: a list shows it all the same. */
export function hasSettings({ config }: { readonly config: RunRecord['config'] | undefined }): boolean {
  return config !== undefined;
}

/** "3 agents · 300 test questions · RSFT, DA · answers only · seed 0". */
export function settingsLine({ config }: Pick<RunRecord, 'config'>): string {
  return [
    formatPlural(config.nAgents, 'agent', 'agents'),
    text.tested(config.testQuestions),
    config.strategies.map(strategyLabel).join(', '),
    config.controls.map((name) => strings.controls[name] ?? name).join(', '),
    config.questions ?? '',
    text.seed(config.seed),
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

export const orders = ['newest', 'oldest', 'name', 'after', 'gain'] as const;
export type RunOrder = (typeof orders)[number];

type Results = Readonly<Record<string, RunResult>>;

/** The baseline first, then in the order asked for; runs without a result last. */
export function sortedRuns(runs: readonly RunRecord[], results: Results, order: RunOrder): RunRecord[] {
  const figure = (run: RunRecord): number => {
    const found = outcomeOf(results[run.id]);
    if (!found) return -Infinity;
    return found.after.accuracy - (order === 'gain' ? found.before.accuracy : 0);
  };
  const compare = (a: RunRecord, b: RunRecord): number => {
    switch (order) {
      case 'newest':
        return b.createdAt - a.createdAt;
      case 'oldest':
        return a.createdAt - b.createdAt;
      case 'name':
        return a.name < b.name ? -1 : 1;
      case 'after':
      case 'gain': {
        const [first, second] = [figure(a), figure(b)];
        return first === second ? b.createdAt - a.createdAt : second > first ? 1 : -1;
      }
      default:
        return order satisfies never;
    }
  };
  return [...runs].sort((a, b) => Number(b.pinned) - Number(a.pinned) || compare(a, b));
}

/** Runs in whose name, note or settings every word occurs. */
export function matchingRuns(runs: readonly RunRecord[], words: string): readonly RunRecord[] {
  const wanted = words
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return runs.filter((run) => {
    const settings = hasSettings(run) ? `${settingsLine(run)} ${run.config.preset}` : '';
    const all = `${run.name} ${run.note} ${settings} ${run.status}`.toLowerCase();
    return wanted.every((word) => all.includes(word));
  });
}
