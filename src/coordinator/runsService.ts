/** What pages ask of the stored runs; those that change the list tell every page. */
import type { Handlers } from '../rpc/rpc';
import type { JobEvent } from '../wire/jobEvents';
import type { RunsProtocol } from '../wire/runs';
import { parseArchive } from '../records/archiveSchema';
import type { RunArchive } from '../records/runRecords';
import type { Damage } from '../store/digest';
import type { JobStore } from '../store/jobStore';
import { leftOut } from '../library/damage';
import { importedDebate } from '../library/importedDebate';
import type { RunRepository } from '../library/runRepository';
import { record, storeArchive } from '../library/storedRuns';

export interface RunsParts {
  readonly store: JobStore;
  readonly repository: RunRepository;
  emit(event: JobEvent): void;
  /** Tells the pages the list of runs. */
  announce(): Promise<void>;
  /** Ends the job of this run, if this tab works on it. */
  stop(runId: string): Promise<void>;
}

/** A run with what of it is whole; what is damaged is said. */
export async function readRun(
  { repository, emit }: Pick<RunsParts, 'repository' | 'emit'>,
  runId: string,
  withAdapters = false,
): Promise<RunArchive> {
  const damages: Damage[] = [];
  const archive = await repository.archive(runId, withAdapters, (one) => damages.push(one));
  if (damages.length > 0) emit({ type: 'error', runId, error: leftOut(archive.run.name, damages).toData() });
  return archive;
}

export function runsHandlers(parts: RunsParts): Handlers<RunsProtocol> {
  const { store, repository, announce } = parts;
  return {
    list: () => repository.runs(),
    results: (runIds) => repository.results(runIds),
    archive: (runId) => readRun(parts, runId),
    wholeArchive: (runId) => readRun(parts, runId, true),
    outcome: (runId) => repository.outcome(runId),
    importArchive: async (input) => {
      const run = await storeArchive(store, parseArchive(input));
      await announce();
      return record(run);
    },
    importTrajectories: async ({ text, name, report }) => {
      const { archive, found } = importedDebate(text, name, report);
      const run = await storeArchive(store, archive);
      await announce();
      return { run: record(run), ...found };
    },
    update: async ({ runId, change }) => {
      const changed = await repository.update(runId, change);
      // Listing all runs is no part of the change: the caller does not wait for it.
      void announce().catch(() => undefined);
      return changed;
    },
    remove: async (runId) => {
      await parts.stop(runId);
      await repository.remove(runId);
      await announce();
    },
    restore: async (runId) => {
      const run = await repository.restore(runId);
      await announce();
      return run;
    },
    purge: (runId) => repository.purge(runId),
    bin: () => repository.bin(),
    sizes: () => repository.sizes(),
    adapter: async (place) => (await repository.adapter(place)).files,
  };
}
