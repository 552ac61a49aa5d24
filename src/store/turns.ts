import type { Turn, TurnTiming } from '../core/records';
import { guarded, keysOfRun, writeRows } from './database';
import type { Database } from './schema';

/** Identifies a turn inside its run. */
export function turnKey(turn: Pick<Turn, 'questionId' | 'protocol' | 'round' | 'agent'>): string {
  return [turn.protocol, turn.questionId, turn.round, turn.agent].join('/');
}

/** Turns with their clock values, in one transaction. */
export function putTurns(
  database: Database,
  turns: readonly { readonly turn: Turn; readonly timing: TurnTiming }[],
  owner: string | null = null,
): Promise<void> {
  return writeRows(database, owner, ['turns', 'timings'], (put) => {
    for (const { turn, timing } of turns) {
      const key = turnKey(turn);
      put('turns', { runId: turn.runId, key, turn });
      put('timings', { runId: turn.runId, key, timing });
    }
  });
}

export function getTurns(database: Database, runId: string): Promise<Turn[]> {
  return guarded(async () => (await database.getAll('turns', keysOfRun(runId))).map(({ turn }) => turn));
}
