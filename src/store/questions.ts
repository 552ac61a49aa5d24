import * as v from 'valibot';
import { ImportError } from '../core/errors';
import { questionSchema } from '../records/recordSchemas';
import type { Question } from '../records/records';
import { guarded } from './database';
import { digester } from './digest';
import type { Database } from './schema';

const questionsSchema = v.array(questionSchema);

/** The questions of a run are drawn once, before its first turn. */
export function putQuestions(
  database: Database,
  runId: string,
  questions: readonly Question[],
): Promise<void> {
  return guarded(async () => {
    const hash = (await digester())(questions);
    await database.put('questions', { runId, questions, hash });
  });
}

/** Throws ImportError where they are not as they were written: nothing of the run can be trusted without them. */
export function getQuestions(database: Database, runId: string): Promise<readonly Question[] | null> {
  return guarded(async () => {
    const record = await database.get('questions', runId);
    if (!record) return null;
    const { questions, hash } = record;
    const sound =
      hash === undefined ? v.is(questionsSchema, questions) : hash === (await digester())(questions);
    if (sound) return questions;
    throw new ImportError(
      'The stored questions of this run are damaged.',
      'Delete this run, and start a new one with the same settings and questions.',
    );
  });
}
