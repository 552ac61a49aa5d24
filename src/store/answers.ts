import { guarded, keysOfRun } from './database';
import type { Database, StoredAnswer } from './schema';

/** Replies asked for by evaluation, in one transaction. */
export function putAnswers(database: Database, answers: readonly StoredAnswer[]): Promise<void> {
  return guarded(async () => {
    const transaction = database.transaction('answers', 'readwrite');
    for (const answer of answers) void transaction.store.put(answer);
    await transaction.done;
  });
}

export function getAnswers(database: Database, runId: string): Promise<StoredAnswer[]> {
  return guarded(() => database.getAll('answers', keysOfRun(runId)));
}
