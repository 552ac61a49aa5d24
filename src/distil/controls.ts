/** Controls that show what a strategy's gain is made of (docs/method.md section 3). */
import type { Dataset, Question, Trace, Turn } from '../records/records';
import { hashKey, RandomStream } from '../core/rng';
import { rsft } from './rsft';
import {
  Dropped,
  isExcluded,
  makeDataset,
  spokenTurns,
  traceOf,
  turnsByQuestion,
  type DistillInput,
} from './source';

/** The final answer in the asked-for format and nothing else. */
export function answerText(question: Question): string {
  return `#### ${question.gold}`;
}

/**
 * answer-only: the questions that RSFT uses, with the bare answer as target. What remains of a gain is format and answers,
 * not reasoning.
 */
export function answerOnly(input: DistillInput, answer = answerText): Dataset {
  const taught = rsft(input, 'answer-only');
  const byId = new Map(input.questions.map((question) => [question.id, question]));
  const traces = taught.traces.flatMap((trace): Trace[] => {
    const question = byId.get(trace.questionId);
    return question ? [{ ...trace, target: answer(question), corrective: false }] : [];
  });
  return { ...taught, traces };
}

/** gold-sft: the generator's own solutions of all training questions. */
export function goldSft(input: Pick<DistillInput, 'questions' | 'prompt' | 'exclude'>): Dataset {
  const dropped = new Dropped();
  const traces: Trace[] = [];
  for (const question of input.questions) {
    if (input.exclude?.has(question.id)) {
      dropped.add('excluded-question');
      continue;
    }
    if (question.solution === undefined) {
      dropped.add('no-solution');
      continue;
    }
    traces.push({
      questionId: question.id,
      messages: input.prompt(question),
      target: question.solution.trim(),
      source: [],
      corrective: false,
    });
  }
  return makeDataset('gold-sft', traces, dropped);
}

function tokensOf(turns: readonly Turn[]): number {
  return turns.reduce((sum, turn) => sum + turn.usage.completion, 0);
}

/**
 * self-consistency: RSFT on independent samples instead of the debate, at the same teacher tokens: a question's samples are
 * taken in order until they hold as many generated tokens as its debate. Samples are the debate's round 0 and turns of
 * protocol "self-consistency". Does debating add anything?
 */
export function selfConsistencyTraces(input: DistillInput): Dataset {
  const debates = turnsByQuestion({ turns: input.turns, protocol: 'debate' });
  const further = turnsByQuestion({ turns: input.turns, protocol: 'self-consistency' });
  const samples: Turn[] = [];
  let short = 0;
  for (const { id } of input.questions) {
    const debated = debates.get(id) ?? [];
    // Without a debate there is nothing to be equal to: all samples count.
    const budget = debated.length === 0 ? Infinity : tokensOf(debated);
    const alone = new Map<number, Turn>();
    for (const turn of [...(further.get(id) ?? []), ...debated]) {
      if (turn.round === 0) alone.set(turn.agent, { ...turn, protocol: 'self-consistency' });
    }
    let tokens = 0;
    for (const turn of [...alone.values()].sort((a, b) => a.agent - b.agent)) {
      if (tokens >= budget && tokens > 0) break;
      samples.push(turn);
      tokens += turn.usage.completion;
    }
    if (debated.length > 0 && tokens < budget) short++;
  }
  const dataset = rsft({ ...input, turns: samples, protocol: 'self-consistency' }, 'self-consistency');
  return short === 0
    ? dataset
    : { ...dataset, dropped: { ...dataset.dropped, 'short-of-debate-tokens': short } };
}

/** wrong: for each question one trace that leads to its most common wrong answer. What remains of a gain is format. */
export function wrongTraces(input: DistillInput): Dataset {
  const dropped = new Dropped();
  const turns = turnsByQuestion(input);
  const traces: Trace[] = [];
  for (const question of input.questions) {
    const spoken = spokenTurns(turns.get(question.id) ?? [], dropped);
    const byAnswer = new Map<string, Turn[]>();
    for (const turn of spoken) {
      if (isExcluded(input, turn)) dropped.add('excluded-trace');
      else if (turn.correct) dropped.add('correct-trace');
      else if (turn.answer === null) dropped.add('unparsed-trace');
      else if (turn.finishReason === 'length') dropped.add('truncated-trace');
      else byAnswer.set(turn.answer, [...(byAnswer.get(turn.answer) ?? []), turn]);
    }
    const groups = [...byAnswer.values()];
    const most = Math.max(0, ...groups.map((group) => group.length));
    const majority = groups.find((group) => group.length === most);
    if (!majority) {
      dropped.add('no-wrong-trace');
      continue;
    }
    const all = groups.reduce((sum, group) => sum + group.length, 0);
    dropped.add('wrong-not-drawn', all - 1);
    const turn = new RandomStream(hashKey(input.seed, 'wrong', question.id)).pick(majority);
    traces.push(traceOf(input, question, { turn, corrective: false }));
  }
  return makeDataset('wrong', traces, dropped);
}
