/** What self-correction learns from: answers of the student as the stage before left it, and what the debate corrected. */
import { hashKey } from '../core/rng';
import { selfCheckMessages } from '../debate/prompts';
import { correct } from '../distil/correct';
import { partQuestions } from '../distil/pad/rlShare';
import type { DistillInput } from '../distil/source';
import { evalProtocol } from '../records/evalProtocol';
import type { Dataset, Question, Turn } from '../records/records';
import { sharesQuestions } from '../settings/strategy';
import type { TrainingNote } from '../wire/progress';
import type { Job } from './job';
import { studentAnswers } from './studentAnswers';
import { adapterHash } from './trainingInputs';

interface FirstAnswers {
  /** Stage whose adapter answers; null: the student as it is. */
  readonly after: string | null;
  /** Index of the distillation seed. */
  readonly seed: number;
  readonly questions: readonly Question[];
  /** At temperature 1. */
  readonly samples: number;
}

/**
 * Greedy and sampled answers of the student under the adapter of a stage. They are stored under the adapter's hash: those of
 * another training of that stage are another's.
 */
export async function firstAnswers(
  job: Job,
  { after, seed, questions, samples }: FirstAnswers,
  onNote: (note: TrainingNote) => void,
): Promise<readonly Turn[]> {
  const { store, runId, config } = job;
  const adapter = after === null ? null : { strategy: after, seed };
  const hash = await adapterHash(adapter && (await store.getAdapter({ runId, ...adapter })));
  const name = `${after ?? 'base'}:${hash?.slice(0, 8) ?? 'base'}`;
  const ask = (kind: string, count: number, temperature: number) =>
    studentAnswers(
      job,
      {
        protocol: evalProtocol(`${kind}:${name}`, seed),
        seed: hashKey(config.seed, kind, seed),
        adapter,
        questions,
        samples: count,
        temperature,
      },
      onNote,
    );
  const sampled = samples === 0 ? [] : await ask('own-sampled', samples, 1);
  return [...(await ask('own-greedy', 1, 0)), ...sampled];
}

/** Questions whose answers self-correction learns from: where some are kept for it, those that the stages before it did not see. */
export function practisedQuestions<T extends Question>(
  { config }: Job,
  strategy: string,
  questions: readonly T[],
): readonly T[] {
  const share = sharesQuestions(strategy, config.pad.rl) ? config.pad.rl.share : 0;
  return partQuestions(questions, share, config.seed).practised;
}

/** The rows of a stage `correct`. */
export async function correctionDataset(
  job: Job,
  input: DistillInput,
  { strategy, after, seed }: Pick<FirstAnswers, 'after' | 'seed'> & { readonly strategy: string },
  onNote: (note: TrainingNote) => void,
): Promise<Dataset> {
  const { config, studentStyle: style } = job;
  const { from, samples, ratio } = config.correct;
  const questions = practisedQuestions(job, strategy, input.questions);
  const own = from === 'debate' ? [] : await firstAnswers(job, { after, seed, questions, samples }, onNote);
  const check = (question: Question, answer: string) => selfCheckMessages({ style, question, own: answer });
  return { ...correct({ ...input, own, check }, { from, ratio }), strategy };
}
