/** Question files of the user's own, kept so that a reload or a link finds them again. */
import { sha256 } from '../models/hashes';
import * as v from 'valibot';
import { count, questionSchema } from '../records/recordSchemas';
import type { AlteredAnswer, QuestionImport } from '../tasks/questionFiles';
import type { JobStore } from '../store/jobStore';

const listKey = 'question-files';
const fileKey = (hash: string): string => `question-file:${hash}`;
/** Older ones make room. */
const mostFiles = 12;

const listSchema = v.array(v.object({ hash: v.string(), name: v.string() }));
const text = v.string();
/** What older versions did not keep is empty; what newer ones add stays. */
const fileSchema = v.looseObject({
  name: text,
  format: text,
  questions: v.array(questionSchema),
  rejected: v.optional(v.array(v.object({ line: count, reason: text, text })), []),
  altered: v.optional(
    v.array(
      v.object({
        line: count,
        question: text,
        written: text,
        read: text,
        reason: v.custom<AlteredAnswer['reason']>((value) => typeof value === 'string'),
        doubtful: v.boolean(),
      }),
    ),
    [],
  ),
  encoding: v.optional(text, ''),
  rows: v.optional(count, 0),
  columns: v.exactOptional(
    v.object({ table: v.boolean(), names: v.array(text), sample: v.array(v.array(text)) }),
  ),
});

type Store = Pick<JobStore, 'getSetting' | 'putSetting' | 'editSetting'>;
type Kept = v.InferOutput<typeof listSchema>[number];

/** Newest first. */
function readList(stored: unknown): readonly Kept[] {
  const list = v.safeParse(listSchema, stored);
  return list.success ? list.output : [];
}

const listOf = async (store: Pick<Store, 'getSetting'>): Promise<readonly Kept[]> =>
  readList(await store.getSetting(listKey));

/** 16 hex digits of SHA-256 over the questions; the same file read the same way has the same hash. */
export async function questionsHash({
  questions,
  unanswered = [],
}: Pick<QuestionImport, 'questions' | 'unanswered'>): Promise<string> {
  const rows = [...questions, ...unanswered].map(({ id, text, gold, answerType }) =>
    JSON.stringify([id, text, gold, answerType]),
  );
  return (await sha256(new TextEncoder().encode(rows.join('')))).slice(0, 16);
}

/** Throws StorageError. */
export async function keepQuestions(store: Store, file: QuestionImport): Promise<string> {
  const hash = await questionsHash(file);
  // The rows that were left out are shown at the import, and not again.
  await store.putSetting(fileKey(hash), { ...file, rejected: [] });
  let old: readonly Kept[] = [];
  await store.editSetting(listKey, (stored) => {
    const others = readList(stored).filter((one) => one.hash !== hash);
    old = others.slice(mostFiles - 1);
    return [{ hash, name: file.name }, ...others.slice(0, mostFiles - 1)];
  });
  for (const one of old) await store.putSetting(fileKey(one.hash), null);
  return hash;
}

export async function keptQuestions(
  store: Store,
  name: string,
  hash: string | null,
): Promise<{ hash: string; file: QuestionImport } | null> {
  const found = hash ?? (await listOf(store)).find((one) => one.name === name)?.hash;
  if (found === undefined) return null;
  const file = v.safeParse(fileSchema, await store.getSetting(fileKey(found)));
  return file.success ? { hash: found, file: file.output } : null;
}
