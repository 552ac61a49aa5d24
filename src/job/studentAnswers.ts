/** Answers of the student outside the comparison: what a later training learns from. */
import { engineAgent } from '../agents/engine';
import { StorageError } from '../core/errors';
import { turnMessages } from '../debate/prompts';
import { styled } from '../debate/protocol';
import { runTurns, type TurnsJob } from '../debate/scheduler';
import { selfConsistency } from '../debate/selfConsistency';
import type { Question, Turn } from '../records/records';
import { studentThinking } from '../settings/thinking';
import type { TrainingNote } from '../wire/progress';
import { adapterId, type Job } from './job';

export interface StoredAdapter {
  readonly strategy: string;
  /** Index of the distillation seed. */
  readonly seed: number;
}

/** Does some work while the engine holds an adapter of the run. Throws StorageError where that is damaged. */
export async function withAdapter<T>(job: Job, adapter: StoredAdapter, work: () => Promise<T>): Promise<T> {
  const { engine, store, runId, student } = job;
  const { strategy, seed } = adapter;
  const id = adapterId(runId, strategy, seed);
  const files = await store.getAdapter({ runId, ...adapter });
  if (!files) {
    throw new StorageError(
      `The adapter of ${strategy}, seed ${seed}, is damaged in storage.`,
      'Resume the run: it is trained again, to the same bytes.',
    );
  }
  await engine.putAdapter(student.id, id, files);
  try {
    return await work();
  } finally {
    await engine.dropAdapter(student.id, id).catch(() => undefined);
  }
}

/** Turns of the student alone (adapter null: as it is), stored and announced as each ends. */
export function studentTurns(
  job: Job,
  adapter: StoredAdapter | null,
  request: Pick<TurnsJob, 'seed' | 'protocol' | 'questions' | 'sampling' | 'stored' | 'onProgress'>,
): Promise<readonly Turn[]> {
  const { engine, student, runId } = job;
  const loaded = adapter && adapterId(runId, adapter.strategy, adapter.seed);
  const run = () =>
    runTurns({
      ...request,
      runId,
      agents: [engineAgent(engine, { model: student.id, adapter: loaded })],
      gate: job.gate,
      signal: job.signal,
      record: async (turn, timing) => {
        await job.writer.write(turn, timing);
        job.emit({ type: 'turn', runId, turn });
      },
      onProblem: (_place, error) => job.emit({ type: 'error', runId, error: error.toData() }),
    });
  return adapter === null ? run() : withAdapter(job, adapter, run);
}

export interface AnswerRequest {
  /** Under which the answers are stored; those that are there are not generated again. */
  readonly protocol: string;
  /** Seed of the samples. */
  readonly seed: number;
  /** Null: the student as it is. */
  readonly adapter: StoredAdapter | null;
  readonly questions: readonly Question[];
  readonly samples: number;
  readonly temperature: number;
}

/** Independent answers to each question, asked as the student is evaluated. */
export async function studentAnswers(
  job: Job,
  { protocol, seed, adapter, questions, samples, temperature }: AnswerRequest,
  onNote: (note: TrainingNote) => void,
): Promise<readonly Turn[]> {
  const { config, store, runId, studentStyle: style } = job;
  const prompt = ({ question }: { readonly question: Question }) =>
    turnMessages({ style, question, own: [], peers: [] });
  return studentTurns(job, adapter, {
    seed,
    protocol: styled(selfConsistency({ samples, prompt, name: protocol }), () => style),
    questions,
    sampling: { temperature, topP: 1, maxTokens: config.maxTokens, ...studentThinking(config) },
    stored: await store.getTurns(runId),
    onProgress: ({ turnsDone, turns }) => onNote({ kind: 'own-samples', done: turnsDone, total: turns }),
  });
}
