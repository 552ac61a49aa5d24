import type { Turn, TurnTiming } from '../core/records';
import { guarded, keysOfRun } from './database';
import type { Database } from './schema';

/** Identifies a turn inside its run. */
export function turnKey(turn: Pick<Turn, 'questionId' | 'protocol' | 'round' | 'agent'>): string {
  return [turn.protocol, turn.questionId, turn.round, turn.agent].join('/');
}

/** Turns with their clock values, in one transaction. */
export function putTurns(
  database: Database,
  turns: readonly { readonly turn: Turn; readonly timing: TurnTiming }[],
): Promise<void> {
  return guarded(async () => {
    const transaction = database.transaction(['turns', 'timings'], 'readwrite');
    for (const { turn, timing } of turns) {
      const key = turnKey(turn);
      void transaction.objectStore('turns').put({ runId: turn.runId, key, turn });
      void transaction.objectStore('timings').put({ runId: turn.runId, key, timing });
    }
    await transaction.done;
  });
}

export function getTurns(database: Database, runId: string): Promise<Turn[]> {
  return guarded(async () => (await database.getAll('turns', keysOfRun(runId))).map(({ turn }) => turn));
}
