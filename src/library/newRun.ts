/** A run that begins: its id and name, its lock, and its first record with the questions. */
import type { TrainOverlap } from '../records/overlap';
import type { RunArchive } from '../records/runRecords';
import type { Question } from '../records/records';
import type { RunConfig } from '../settings/config';
import { isTrajectory } from '../records/trajectories';
import type { JobStore } from '../store/jobStore';
import type { StoredRun } from '../store/schema';
import type { JobLock } from './jobLock';
import { memorableName } from './names';
import { frozenPrimary } from './primary';
import { freeName, runHash, timedTurns } from './storedRuns';

/** The debate on the questions that are asked, each in the set that asks it now. */
function asked(source: RunArchive, questions: readonly Question[]): RunArchive {
  const splits = new Map(questions.map(({ id, split }) => [id, split]));
  const turns = source.turns.flatMap((turn) => {
    const split = splits.get(turn.questionId);
    if (split === undefined) return [];
    return split === turn.split ? [turn] : [{ ...turn, split }];
  });
  return { ...source, turns };
}

/** Stores a new run under the first free id and takes its lock; `source` is the run whose debate it uses. */
export async function createNewRun(
  { store, lock }: { readonly store: JobStore; readonly lock: JobLock },
  config: RunConfig,
  { questions, overlap }: { readonly questions: readonly Question[]; readonly overlap: TrainOverlap | null },
  source: RunArchive | null,
): Promise<{ readonly run: StoredRun; readonly release: () => void }> {
  const hash = runHash(config, questions);
  const primary = await frozenPrimary(config);
  for (;;) {
    const runs = await store.listRuns();
    const id = freeName(hash.toString(16).padStart(8, '0'), new Set(runs.map((run) => run.id)));
    const run: StoredRun = {
      id,
      name: memorableName(hash, new Set(runs.map(({ name }) => name))),
      note: '',
      config,
      createdAt: Date.now(),
      status: 'running',
      phase: 'load',
      pinned: false,
      error: null,
      device: null,
      seconds: {},
      ...(overlap && { overlap }),
      ...(primary && { primary }),
      ...(source && { from: source.run.id }),
    };
    const release = await lock.takeRun(id);
    try {
      const turns = source ? timedTurns(asked(source, questions), id, isTrajectory) : [];
      if (await store.createRun({ run, questions, turns })) return { run, release };
    } catch (thrown) {
      release();
      throw thrown;
    }
    // Another tab stored a run of that id in the meantime.
    release();
  }
}
