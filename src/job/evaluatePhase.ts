/** The student's answers: every arm that is one greedy reply a question. */
import { checkOf, evalProtocol, sampledProtocol } from '../records/evalProtocol';
import type { Message, Question, Turn } from '../records/records';
import { isCompared } from '../settings/evalSets';
import { selfCheckMessages, turnMessages } from '../debate/prompts';
import { styled } from '../debate/protocol';
import type { TurnSampling } from '../debate/scheduler';
import { greedy, singlePass } from '../debate/singlePass';
import { armId } from '../eval/arm';
import type { RunConfig } from '../settings/config';
import { shotsOf } from './debatePhase';
import type { ProgressDetail } from '../wire/progress';
import type { Job } from './job';
import { studentTurns, type StoredAdapter } from './studentAnswers';
import { usesCorrection } from '../settings/strategy';
import { studentThinking } from '../settings/thinking';
import { equalStepsName } from '../records/trainings';
import type { Trained } from './distilPhase';

interface Pass {
  readonly protocol: string;
  readonly adapter: StoredAdapter | null;
  readonly questions: readonly Question[];
  readonly messages: (question: Question) => readonly Message[];
  readonly detail: ProgressDetail;
  /** Greedy where nothing is said. */
  readonly sampling?: TurnSampling;
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

interface Student extends Pick<Pass, 'adapter'> {
  readonly name: string;
  readonly fresh: boolean;
}

/** Who checks its own answers: base and students, first seed, and the control that self-correction is held against. */
export function checkedStudents(trained: readonly Trained[]): readonly Student[] {
  const base: Student = { name: armId({ kind: 'base' }), adapter: null, fresh: false };
  const checks = ({ arm, seed }: Trained): boolean =>
    seed === 0 && (arm.kind === 'distilled' || (arm.kind === 'control' && arm.control === equalStepsName));
  return [
    base,
    ...trained.filter(checks).map(({ arm, strategy, seed, fresh }) => ({
      name: armId(arm),
      adapter: { strategy, seed },
      fresh,
    })),
  ];
}

/** First answers at temperature 1, to be checked: greedy ones leave little to correct. Where a student learns self-correction. */
function sampledPasses(job: Job, trained: readonly Trained[]): Pass[] {
  const { studentStyle: style, config } = job;
  if (!usesCorrection(config)) return [];
  return checkedStudents(trained).map(({ name, adapter, fresh }) => ({
    protocol: sampledProtocol(name),
    adapter,
    questions: job.questions.filter(({ split }) => split === 'test'),
    messages: (question) => turnMessages({ style, question, own: [], peers: [] }),
    detail: { kind: 'arm', arm: name, seed: 0 },
    sampling: { ...greedy(config.maxTokens, studentThinking(config)), temperature: 1 },
    fresh,
  }));
}

/** Second passes: the student sees its own answer and is asked to check it. */
function checks(job: Job, trained: readonly Trained[], answers: readonly Turn[]): Pass[] {
  const { studentStyle: style, config } = job;
  const tested = job.questions.filter(({ split }) => split === 'test');
  const firsts = usesCorrection(config) ? [evalProtocol, sampledProtocol] : [evalProtocol];
  return checkedStudents(trained).flatMap(({ name, adapter, fresh }) =>
    firsts.map((first): Pass => {
      const protocol = first(name);
      const own = new Map(
        answers
          .filter((turn) => turn.protocol === protocol)
          .map(({ questionId, reply }) => [questionId, reply]),
      );
      return {
        protocol: checkOf(protocol),
        adapter,
        questions: tested,
        messages: (question) => selfCheckMessages({ style, question, own: own.get(question.id) ?? '' }),
        detail: { kind: 'check', arm: name, seed: 0 },
        fresh,
      };
    }),
  );
}

/** Gives all turns of all passes; stored ones are not generated again. */
export async function evaluatePhase(
  job: Job,
  trained: readonly Trained[],
  stored: readonly Turn[],
): Promise<readonly Turn[]> {
  const { selfCheck } = job.config;
  const first = [...passes(job, trained), ...(selfCheck ? sampledPasses(job, trained) : [])];
  const all: Turn[] = [];
  const count = (list: readonly Pass[]): number => list.reduce((sum, pass) => sum + pass.questions.length, 0);
  const total = count(first) + (selfCheck ? count(checks(job, trained, [])) : 0);
  const run = async (list: readonly Pass[]): Promise<void> => {
    for (const pass of list) all.push(...(await answer(job, pass, stored, all.length, total)));
  };
  await run(first);
  if (selfCheck) await run(checks(job, trained, all));
  return all;
}

function answer(
  job: Job,
  pass: Pass,
  stored: readonly Turn[],
  before: number,
  total: number,
): Promise<readonly Turn[]> {
  const { config } = job;
  return studentTurns(job, pass.adapter, {
    seed: config.seed,
    protocol: styled(singlePass({ name: pass.protocol, messages: pass.messages }), () => job.studentStyle),
    questions: pass.questions,
    sampling: pass.sampling ?? greedy(config.maxTokens, studentThinking(config)),
    stored: pass.fresh ? [] : stored,
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
