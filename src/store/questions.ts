import type { Question } from '../core/records';
import { guarded } from './database';
import type { Database } from './schema';

/** The questions of a run are drawn once, before its first turn. */
export function putQuestions(
  database: Database,
  runId: string,
  questions: readonly Question[],
): Promise<void> {
  return guarded(async () => void (await database.put('questions', { runId, questions })));
}

export function getQuestions(database: Database, runId: string): Promise<readonly Question[] | null> {
  return guarded(async () => (await database.get('questions', runId))?.questions ?? null);
}
