/** The student's answers: every arm that is one greedy reply a question. */
import { engineAgent } from '../agents/engine';
import { StorageError } from '../core/errors';
import { checkProtocol, evalProtocol } from '../records/evalProtocol';
import type { Message, Question, Turn } from '../records/records';
import { isCompared } from '../settings/evalSets';
import { selfCheckMessages, turnMessages } from '../debate/prompts';
import { styled } from '../debate/protocol';
import { runTurns } from '../debate/scheduler';
import { greedy, singlePass } from '../debate/singlePass';
import { armId, type Arm } from '../eval/arm';
import type { RunConfig } from '../settings/config';
import { shotsOf } from './debatePhase';
import type { ProgressDetail } from '../wire/progress';
import { adapterId, type Job } from './job';
import { firstStudents, type Trained } from './distilPhase';

interface Pass {
  readonly protocol: string;
  readonly adapter: { readonly strategy: string; readonly seed: number } | null;
  readonly questions: readonly Question[];
  readonly messages: (question: Question) => readonly Message[];
  readonly detail: ProgressDetail;
  /** The adapter is new: stored answers are not its. */
  readonly fresh?: boolean;
}

/** Whether there are several students of which the validation questions choose one. */
export function chooses({ strategies }: Pick<RunConfig, 'strategies'>): boolean {
  return strategies.length > 1;
}

function passes(job: Job, trained: readonly Trained[]): Pass[] {
  const { studentStyle: style, config } = job;
  const everywhere = job.questions.filter(({ split }) => isCompared(split));
  const tested = job.questions.filter(({ split }) => split === 'test');
  const judged = chooses(config) ? job.questions.filter(({ split }) => split === 'validation') : [];
  const plain = (question: Question): readonly Message[] =>
    turnMessages({ style, question, own: [], peers: [] });
  const list: Pass[] = [
    {
      protocol: evalProtocol(armId({ kind: 'base' })),
      adapter: null,
      questions: everywhere,
      messages: plain,
      detail: { kind: 'arm', arm: 'base', seed: 0 },
    },
  ];
  if (config.shots > 0) {
    const shots = shotsOf(job);
    list.push({
      protocol: evalProtocol(armId({ kind: 'base-shots' })),
      adapter: null,
      questions: everywhere,
      messages: (question) => turnMessages({ style, question, own: [], peers: [], shots }),
      detail: { kind: 'arm', arm: 'base-shots', seed: 0 },
    });
  }
  for (const { arm, strategy, seed, fresh } of trained) {
    const name = armId(arm);
    list.push({
      protocol: evalProtocol(name, seed),
      adapter: { strategy, seed },
      questions: seed > 0 ? tested : arm.kind === 'distilled' ? [...everywhere, ...judged] : everywhere,
      messages: plain,
      detail: { kind: 'arm', arm: name, seed },
      fresh,
    });
  }
  return list;
}

/** Second passes: the student sees its own answer and is asked to check it (base and distilled, first seed). */
function checks(job: Job, trained: readonly Trained[], answers: readonly Turn[]): Pass[] {
  const { studentStyle: style } = job;
  const tested = job.questions.filter(({ split }) => split === 'test');
  const students: { arm: Arm; adapter: Pass['adapter']; fresh: boolean }[] = [
    { arm: { kind: 'base' }, adapter: null, fresh: false },
    ...firstStudents(trained).map(({ arm, strategy, seed, fresh }) => ({
      arm,
      adapter: { strategy, seed },
      fresh,
    })),
  ];
  return students.map(({ arm, adapter, fresh }) => {
    const name = armId(arm);
    const own = new Map(
      answers
        .filter(({ protocol }) => protocol === evalProtocol(name))
        .map((turn) => [turn.questionId, turn.reply]),
    );
    return {
      protocol: checkProtocol(name),
      adapter,
      questions: tested,
      messages: (question) => selfCheckMessages({ style, question, own: own.get(question.id) ?? '' }),
      detail: { kind: 'check', arm: name, seed: 0 },
      fresh,
    };
  });
}

/** Gives all turns of all passes; stored ones are not generated again. */
export async function evaluatePhase(
  job: Job,
  trained: readonly Trained[],
  stored: readonly Turn[],
): Promise<readonly Turn[]> {
  const first = passes(job, trained);
  const all: Turn[] = [];
  const count = (list: readonly Pass[]): number => list.reduce((sum, pass) => sum + pass.questions.length, 0);
  const students = 1 + firstStudents(trained).length;
  const tested = job.questions.filter(({ split }) => split === 'test').length;
  const total = count(first) + (job.config.selfCheck ? students * tested : 0);
  const run = async (list: readonly Pass[]): Promise<void> => {
    for (const pass of list) {
      const { adapter } = pass;
      if (adapter === null) {
        all.push(...(await answer(job, pass, stored, all.length, total)));
        continue;
      }
      const id = adapterId(job.runId, adapter.strategy, adapter.seed);
      const files = await job.store.getAdapter({ runId: job.runId, ...adapter });
      if (!files) {
        throw new StorageError(
          `The adapter of ${adapter.strategy}, seed ${adapter.seed}, is damaged in storage.`,
          'Resume the run: it is trained again, to the same bytes.',
        );
      }
      await job.engine.putAdapter(job.student.id, id, files);
      try {
        all.push(...(await answer(job, pass, stored, all.length, total)));
      } finally {
        await job.engine.dropAdapter(job.student.id, id).catch(() => undefined);
      }
    }
  };
  await run(first);
  if (job.config.selfCheck) await run(checks(job, trained, all));
  return all;
}

async function answer(
  job: Job,
  pass: Pass,
  stored: readonly Turn[],
  before: number,
  total: number,
): Promise<readonly Turn[]> {
  const { engine, student, config } = job;
  const adapter = pass.adapter && adapterId(job.runId, pass.adapter.strategy, pass.adapter.seed);
  return runTurns({
    runId: job.runId,
    seed: config.seed,
    protocol: styled(singlePass({ name: pass.protocol, messages: pass.messages }), () => job.studentStyle),
    questions: pass.questions,
    agents: [engineAgent(engine, { model: student.id, adapter })],
    sampling: greedy(config.maxTokens),
    stored: pass.fresh ? [] : stored,
    gate: job.gate,
    signal: job.signal,
    record: async (turn, timing) => {
      await job.writer.write(turn, timing);
      job.emit({ type: 'turn', runId: job.runId, turn });
    },
    onProblem: (_place, error) => job.emit({ type: 'error', runId: job.runId, error: error.toData() }),
    onProgress: ({ turnsDone, secondsLeft, tokensPerSecond }) =>
      job.progress('evaluate', {
        done: before + turnsDone,
        total,
        detail: pass.detail,
        secondsLeft:
          secondsLeft === null || turnsDone === 0
            ? null
            : (secondsLeft / Math.max(1, pass.questions.length - turnsDone)) * (total - before - turnsDone),
        tokensPerSecond,
      }),
  });
}
