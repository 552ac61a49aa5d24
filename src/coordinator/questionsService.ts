/** Question files of the user's own: kept, found again, and checked against the chosen models. */
import { Transferring, type Handlers } from '../rpc/rpc';
import type { AskedQuestions, QuestionsProtocol } from '../wire/questions';
import { parseConfig } from '../settings/config';
import type { JobStore } from '../store/jobStore';
import { readQuestionFile } from '../tasks/readQuestionFile';
import { keepQuestions, keptQuestions } from '../library/keptQuestions';
import { planRun } from '../tasks/planQuestions';
import type { ColumnChoice, QuestionCheck, QuestionImport } from '../tasks/questionFiles';
import type { HubAccess } from '../specs/addresses';
import { parseDataset } from '../specs/dataset';
import { datasetParts, fetchDataset } from '../models/datasets/hubDataset';
import { bytesAsFile, isParquet, parquetLines } from '../models/datasets/parquetRows';
import type { Question } from '../records/records';
import { ConfigError } from '../core/errors';
import { withBases, type FindAdapter } from '../job/adapterSlot';
import { shotsOf } from '../job/debatePhase';
import { checkQuestions } from './checkQuestions';
import { Readers } from './questionReaders';

export interface QuestionParts {
  readonly store: JobStore;
  /** The app's address, ending with a slash. */
  readonly base: string;
  /** For the model that an adapter belongs to. */
  readonly adapter: FindAdapter;
  hub(): Promise<HubAccess>;
}

/** A Parquet file as the rows that it holds; any other as it is. */
async function readAny(bytes: Uint8Array, name: string, choice?: ColumnChoice): Promise<QuestionImport> {
  if (!isParquet(bytes)) return readQuestionFile(bytes, name, choice);
  const { lines } = await parquetLines(bytesAsFile(bytes), name, Infinity);
  const text = new TextEncoder().encode(lines.join('\n'));
  return { ...readQuestionFile(text, name, choice), format: 'parquet' };
}

/** Questions that the page is handed at once: it takes some milliseconds to unpack them. */
const atOnce = 2000;

/** What a run would ask; all of the files as far as the settings ask for more than they hold, which a start refuses. */
function plannedOf({ config, questions, ...files }: AskedQuestions): readonly Question[] {
  try {
    return planRun(config, { questions, ...files }).questions;
  } catch (thrown) {
    if (thrown instanceof ConfigError) return questions.map((one) => ({ ...one, split: 'train' }));
    throw thrown;
  }
}

/** All questions of the files are looked at; those that the run trains on decide whether it can learn. */
async function checkAsked(
  asked: AskedQuestions,
  { readers, base, adapter }: { readonly readers: Readers } & Pick<QuestionParts, 'base' | 'adapter'>,
): Promise<QuestionCheck> {
  const config = await withBases(parseConfig(asked.config), adapter);
  const { questions, test = [], sets = {} } = asked;
  const every = [...questions, ...test, ...Object.values(sets).flat()];
  const planned = plannedOf({ ...asked, config });
  const given = new Map(every.map((one) => [one.id, one]));
  const { readers: chosen, ...others } = await readers.of(config, base);
  return checkQuestions([...given.values()], chosen, {
    ...others,
    train: planned.filter(({ split, id }) => split === 'train' && given.has(id)),
    shots: shotsOf({ config, questions: planned }),
    maxTokens: config.maxTokens,
  });
}

export function questionsHandlers({ store, base, adapter, hub }: QuestionParts): Handlers<QuestionsProtocol> {
  const readers = new Readers();
  return {
    datasetSplits: async (name) => {
      const parts = await datasetParts(parseDataset(name).repo, { hub: await hub() });
      return parts.map(({ config, split }) => ({ config, split }));
    },
    fetchDataset: async (name, { progress, signal }) => {
      const fetched = await fetchDataset(name, { hub: await hub(), signal, onRows: progress });
      return new Transferring(fetched, [fetched.bytes.buffer]);
    },
    readQuestions: async ({ bytes, name, choice }, { progress }) => {
      const { questions, ...rest } = await readAny(bytes, name, choice);
      for (let at = 0; at < questions.length; at += atOnce) progress(questions.slice(at, at + atOnce));
      return rest;
    },
    keepQuestions: (file) => keepQuestions(store, file),
    keptQuestions: ({ name, hash }) => keptQuestions(store, name, hash),
    checkQuestions: async (asked) => checkAsked(asked, { readers, base, adapter }),
  };
}
