/** The arms of the comparison (docs/contracts.md): one answer a question each, made from stored turns. */
import { ArkletError } from '../core/errors';
import type { ArmBudget, Question, Turn, Verdict } from '../records/records';
import { evalProtocol } from '../records/evalProtocol';
import { majority, type Vote } from '../debate/vote';
import { filteredAnswer, filteredCorrect } from '../tasks/filteredAnswers';
import { armId, type Arm } from './arm';
import type { TurnIndex } from './turnIndex';

export interface ArmAnswer extends Verdict {
  readonly strictCorrect: boolean;
  readonly flexibleCorrect: boolean;
  /** Prompt tokens of all turns the answer needs; `tokens` are the generated ones. */
  readonly promptTokens: number;
  readonly seconds: number;
  /** Of `tokens`, thoughts. */
  readonly thoughtTokens?: number;
  /** Of a vote: whether another answer had as many ballots. */
  readonly tied?: boolean;
}

/** An arm's answers; `name` is its id. */
export interface AnsweredArm {
  readonly name: string;
  readonly answers: ReadonlyMap<string, ArmAnswer>;
  /** Of a vote at equal tokens. */
  readonly budget?: ArmBudget;
}

/** The protocol name of independent samples without shots. */
export const zeroShotProtocol = 'self-consistency:zero-shot';

/** The protocol name of the agent that reads the debate's last round. */
export const summariserProtocol = 'summariser';

export function makeArm(
  arm: Arm,
  questions: readonly Question[],
  answer: (question: Question) => ArmAnswer | null,
): AnsweredArm {
  const name = armId(arm);
  const answers = new Map<string, ArmAnswer>();
  for (const question of questions) {
    const found = answer(question);
    if (found) answers.set(question.id, found);
  }
  if (answers.size < questions.length) {
    throw new ArkletError(
      `Arm ${name} has answers to ${answers.size} of ${questions.length} questions.`,
      'Resume the run: an arm is compared only when every question has its answer.',
    );
  }
  return { name, answers };
}

/** Tokens and seconds of all turns that an answer needs. */
export function cost(
  index: TurnIndex,
  turns: readonly Turn[],
): Pick<ArmAnswer, 'tokens' | 'promptTokens' | 'seconds' | 'thoughtTokens'> {
  let tokens = 0;
  let promptTokens = 0;
  let seconds = 0;
  let thoughtTokens: number | undefined;
  for (const turn of turns) {
    tokens += turn.usage.completion;
    promptTokens += turn.usage.prompt;
    seconds += index.seconds(turn);
    if (turn.usage.thoughts !== undefined) thoughtTokens = (thoughtTokens ?? 0) + turn.usage.thoughts;
  }
  return { tokens, promptTokens, seconds, ...(thoughtTokens !== undefined && { thoughtTokens }) };
}

export function fromTurn(
  index: TurnIndex,
  question: Question,
  turn: Turn | undefined,
  needs: readonly Turn[],
): ArmAnswer | null {
  if (!turn) return null;
  const { answer, correct, strictCorrect } = turn;
  const flexibleCorrect = filteredCorrect(question, turn.reply, 'flexible');
  return { answer, correct, strictCorrect, flexibleCorrect, ...cost(index, needs) };
}

/** The vote's verdict, and the votes of what lm-eval's filters find (strict: only replies in the asked-for format vote). */
export function fromVote(
  index: TurnIndex,
  question: Question,
  ballots: readonly Turn[],
  needs: readonly Turn[],
): ArmAnswer | null {
  if (ballots.length === 0) return null;
  const { ties } = index;
  const by = (filter: 'strict' | 'flexible'): Turn | null =>
    majority(ballots, (turn) => filteredAnswer(question, turn.reply, filter), ties).winner;
  const vote: Vote<Turn> = majority(ballots, (turn) => turn.answer, ties);
  const strict = by('strict');
  const flexible = by('flexible');
  return {
    answer: vote.answer,
    correct: vote.winner?.correct ?? false,
    strictCorrect: strict?.strictCorrect ?? false,
    flexibleCorrect: flexible !== null && filteredCorrect(question, flexible.reply, 'flexible'),
    tied: vote.tied,
    ...cost(index, needs),
  };
}

/** One greedy answer a question, stored under `protocol` (default that of its evaluation): base, base-shots, distilled, controls, summariser. */
export function singlePassArm(
  index: TurnIndex,
  arm: Arm,
  questions: readonly Question[],
  protocol = evalProtocol(armId(arm)),
): AnsweredArm {
  return makeArm(arm, questions, (question) => {
    const turns = index.turns(protocol, question.id);
    return fromTurn(index, question, turns[0], turns);
  });
}

/** Turns of round 0: independent samples, one an agent, in order of agent; the debate's own where it has them. */
export function independentSamples(index: TurnIndex, questionId: string): readonly Turn[] {
  const byAgent = new Map<number, Turn>();
  for (const protocol of ['self-consistency', 'debate']) {
    for (const turn of index.turns(protocol, questionId)) {
      if (turn.round === 0) byAgent.set(turn.agent, turn);
    }
  }
  return [...byAgent.values()].sort((a, b) => a.agent - b.agent);
}

/** The agent with most right answers alone on the validation questions; the first of equals. */
export function bestAgent(index: TurnIndex, validation: readonly Question[]): number {
  const right = new Map<number, number>();
  for (const question of validation) {
    for (const turn of independentSamples(index, question.id)) {
      right.set(turn.agent, (right.get(turn.agent) ?? 0) + (turn.correct ? 1 : 0));
    }
  }
  let best = 0;
  for (const [agent, count] of [...right].sort((a, b) => a[0] - b[0])) {
    if (count > (right.get(best) ?? -1)) best = agent;
  }
  return best;
}

/** `single`: what one agent answered alone. */
export function singleArm(index: TurnIndex, questions: readonly Question[], agent: number): AnsweredArm {
  return makeArm({ kind: 'single' }, questions, (question) => {
    const turn = independentSamples(index, question.id).find((sample) => sample.agent === agent);
    return fromTurn(index, question, turn, turn ? [turn] : []);
  });
}

/** `vote:<k>`: majority of the first k independent samples. */
export function voteArm(index: TurnIndex, questions: readonly Question[], k: number): AnsweredArm {
  return makeArm({ kind: 'vote', k }, questions, (question) => {
    const samples = independentSamples(index, question.id).slice(0, k);
    return samples.length < k ? null : fromVote(index, question, samples, samples);
  });
}

/** `vote-zero-shot:<k>`: majority of k independent samples that saw no shots. */
export function zeroShotVoteArm(index: TurnIndex, questions: readonly Question[], k: number): AnsweredArm {
  return makeArm({ kind: 'vote-zero-shot', k }, questions, (question) => {
    const samples = index.turns(zeroShotProtocol, question.id).slice(0, k);
    return samples.length < k ? null : fromVote(index, question, samples, samples);
  });
}

/** `debate`: majority of the last round; it costs all turns of all rounds. */
export function debateArm(index: TurnIndex, questions: readonly Question[]): AnsweredArm {
  return makeArm({ kind: 'debate' }, questions, (question) => {
    const turns = index.turns('debate', question.id);
    const last = Math.max(...turns.map((turn) => turn.round));
    return fromVote(
      index,
      question,
      turns.filter((turn) => turn.round === last),
      turns,
    );
  });
}

/** `summariser`: a single pass over the last round, whose debate counts as cost as well. */
export function summariserArm(index: TurnIndex, questions: readonly Question[]): AnsweredArm {
  return makeArm({ kind: 'summariser' }, questions, (question) => {
    const turns = index.turns(summariserProtocol, question.id);
    return fromTurn(index, question, turns[0], [...index.turns('debate', question.id), ...turns]);
  });
}
