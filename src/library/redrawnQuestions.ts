/** Questions of a run that storage lost: those of the generator are drawn again. */
import { ArkletError, ConfigError, ImportError } from '../core/errors';
import type { Question } from '../records/records';
import type { JobStore } from '../store/jobStore';
import type { StoredRun } from '../store/schema';
import { planRun } from '../tasks/planQuestions';

/**
 * The stored questions of a run. Where they are gone or damaged the settings' own are drawn and stored again, if what was said already
 * is about them: an id is a hash of its question's text. Throws ConfigError and ImportError where that is not so.
 */
export async function questionsOf(store: JobStore, run: StoredRun): Promise<readonly Question[]> {
  let problem: ArkletError = new ConfigError(`${run.name} holds no questions.`, 'Start a new run instead.');
  try {
    const stored = await store.getQuestions(run.id);
    if (stored) return stored;
  } catch (thrown) {
    if (!(thrown instanceof ImportError)) throw thrown;
    problem = thrown;
  }
  const drawn = await redrawn(store, run);
  if (!drawn) throw problem;
  await store.putQuestions(run.id, drawn);
  return drawn;
}

/** Null where other questions were asked, or it cannot be known. */
async function redrawn(store: JobStore, run: StoredRun): Promise<readonly Question[] | null> {
  if (run.from !== undefined) return null;
  let questions: readonly Question[];
  try {
    ({ questions } = planRun(run.config, { questions: null }));
  } catch (thrown) {
    if (thrown instanceof ArkletError) return null;
    throw thrown;
  }
  const splits = new Map(questions.map(({ id, split }) => [id, split]));
  const turns = await store.getTurns(run.id);
  const same = turns.length > 0 && turns.every((turn) => splits.get(turn.questionId) === turn.split);
  return same ? questions : null;
}
