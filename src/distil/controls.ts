/** Controls that show what a strategy's gain is made of (docs/method.md section 3). */
import type { Dataset, Question, Trace, Turn } from '../records/records';
import { hashKey, RandomStream } from '../core/rng';
import { labelledQuestions } from './cleanTraces';
import { drawOne, rsft } from './rsft';
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
 * answer-only: the questions that RSFT uses, with the bare label as target (without labels, the drawn trace's own answer). What
 * remains of a gain is format and answers, not reasoning.
 */
export function answerOnly(input: DistillInput, answer = answerText): Dataset {
  const { drawn, dataset } = drawOne(input, 'answer-only');
  const traces = drawn.map(({ question, label, candidate }): Trace => {
    const gold = label ?? candidate.turn.answer ?? '';
    const text = answer({ ...question, gold });
    return traceOf(input, question, { turn: candidate.turn, text, corrective: false });
  });
  return { ...dataset, traces };
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

/**
 * wrong: for each question one trace that leads to its most common wrong answer. What remains of a gain is format. Without labels,
 * wrong is what the majority does not say.
 */
export function wrongTraces(input: DistillInput): Dataset {
  const dropped = new Dropped();
  const traces: Trace[] = [];
  const labels = input.labels === 'none' ? 'consensus' : input.labels;
  for (const { question, label, judged } of labelledQuestions({ ...input, labels })) {
    const turns = judged.map(({ turn }) => turn);
    const spoken = new Set(spokenTurns(turns, dropped));
    const byAnswer = new Map<string, Turn[]>();
    for (const { turn, accepted } of judged) {
      if (!spoken.has(turn)) continue;
      if (isExcluded(input, turn)) dropped.add('excluded-trace');
      else if (label === null) dropped.add('unlabelled-trace');
      else if (accepted) dropped.add('correct-trace');
      else if (turn.answer === null) dropped.add('unparsed-trace');
      else if (turn.finishReason === 'length') dropped.add('truncated-trace');
      else byAnswer.set(turn.answer, [...(byAnswer.get(turn.answer) ?? []), turn]);
    }
    const groups = [...byAnswer.values()];
    const most = Math.max(0, ...groups.map((group) => group.length));
    const majority = groups.find((group) => group.length === most);
    if (!majority) {
      dropped.add(label === null ? 'unlabelled-question' : 'no-wrong-trace');
      continue;
    }
    const all = groups.reduce((sum, group) => sum + group.length, 0);
    dropped.add('wrong-not-drawn', all - 1);
    const turn = new RandomStream(hashKey(input.seed, 'wrong', question.id)).pick(majority);
    traces.push(traceOf(input, question, { turn, text: turn.reply, corrective: false }));
  }
  return makeDataset('wrong', traces, dropped);
}
