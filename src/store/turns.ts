import * as v from 'valibot';
import { turnSchema } from '../records/recordSchemas';
import type { Turn, TurnTiming } from '../records/records';
import { guarded, keysOfRun, writeRows } from './database';
import { digester, type OnDamage } from './digest';
import type { Database } from './schema';

/** Identifies a turn inside its run. */
export function turnKey(turn: Pick<Turn, 'questionId' | 'protocol' | 'round' | 'agent'>): string {
  return [turn.protocol, turn.questionId, turn.round, turn.agent].join('/');
}

/** Turns with their clock values, in one transaction. */
export async function putTurns(
  database: Database,
  turns: readonly { readonly turn: Turn; readonly timing: TurnTiming }[],
  owner: string | null = null,
): Promise<void> {
  const digest = await digester();
  await writeRows(database, owner, ['turns', 'timings'], (put) => {
    for (const { turn, timing } of turns) {
      const key = turnKey(turn);
      put('turns', { runId: turn.runId, key, turn, hash: digest(turn) });
      put('timings', { runId: turn.runId, key, timing });
    }
  });
}

/** Those that are as they were written, or of version 1 and whole. */
export function getTurns(database: Database, runId: string, onDamage?: OnDamage): Promise<Turn[]> {
  return guarded(async () => {
    const digest = await digester();
    const records = await database.getAll('turns', keysOfRun(runId));
    return records.flatMap(({ key, turn, hash }) => {
      const sound = hash === undefined ? v.is(turnSchema, turn) : hash === digest(turn);
      if (!sound) onDamage?.({ part: 'turn', name: key });
      return sound ? [turn] : [];
    });
  });
}
