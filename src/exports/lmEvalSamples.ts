/**
 * Answers of arms in the form of lm-evaluation-harness' sample logs (--log_samples): a line for each question and filter. They hold
 * test questions: they are results, never training data.
 */
import { createSHA256 } from 'hash-wasm';
import { groupedBy } from '../core/groupedBy';
import { isCompared } from '../settings/evalSets';
import { parseEvalProtocol } from '../records/evalProtocol';
import type { Question, Turn } from '../records/records';
import { withThoughtsApart } from '../records/thoughts';
import { filteredAnswer, filteredCorrect } from '../tasks/filteredAnswers';
import { flexibleExtract, notFound, strictMatch, type LmEvalFilter } from '../tasks/lmEval';
import type { SampleRow } from './rows';
import type { ExportedRun } from './source';

const filters = { strict: 'strict-match', flexible: 'flexible-extract' } as const;

/** What a filter finds, as lm-eval logs it. */
function filtered(question: Question, reply: string, filter: LmEvalFilter): string {
  if (question.answerType === 'number')
    return filter === 'strict' ? strictMatch(reply) : flexibleExtract(reply);
  return filteredAnswer(question, reply, filter) ?? notFound;
}

/** One file a set of questions and arm: first answers of the first distillation seed, greedy. */
export interface SampleLog {
  readonly arm: string;
  readonly split: string;
  readonly rows: readonly SampleRow[];
}

/** Text as JSON with an indent of two, as Python's `json.dumps(doc, indent=2, ensure_ascii=False)` writes it. */
const indented = (value: unknown): string => JSON.stringify(value, null, 2);

export async function sampleLogs({ questions, turns }: ExportedRun): Promise<readonly SampleLog[]> {
  const hasher = await createSHA256();
  const hash = (text: string): string => hasher.init().update(text).digest('hex');
  const places = new Map(questions.map((question) => [question.id, question] as const));
  const order = new Map(questions.map(({ id }, i) => [id, i] as const));
  const own = turns.flatMap((turn) => {
    const evaluation = parseEvalProtocol(turn.protocol);
    const question = places.get(turn.questionId);
    if (!evaluation || !question || !isCompared(question.split)) return [];
    const { arm, seed, sampled, check } = evaluation;
    return seed === 0 && !sampled && !check ? { arm, question, turn: withThoughtsApart(turn) } : [];
  });
  const bySplit = groupedBy(questions, ({ split }) => split);
  const numbers = new Map([...bySplit.values()].flatMap((list) => list.map(({ id }, i) => [id, i] as const)));
  const logs = groupedBy(own, ({ arm, question }) => JSON.stringify([arm, question.split]));
  return [...logs.values()].map((answers) => {
    const [{ arm, question: first }] = answers as [(typeof own)[number]];
    const sorted = [...answers].sort(
      (a, b) => (order.get(a.question.id) ?? 0) - (order.get(b.question.id) ?? 0),
    );
    const rows = sorted.flatMap(({ question, turn }) => samplesOf(question, turn, numbers, hash));
    return { arm, split: first.split, rows };
  });
}

function samplesOf(
  question: Question,
  turn: Turn,
  numbers: ReadonlyMap<string, number>,
  hash: (text: string) => string,
): SampleRow[] {
  const target = question.goldWritten ?? question.gold;
  const doc = { id: question.id, question: question.text, answer: target };
  const prompt = JSON.stringify(turn.messages.map(({ role, content }) => ({ role, content })));
  const { temperature, maxTokens, stop = [] } = turn.sampling;
  return (['strict', 'flexible'] as const).map((filter) => ({
    doc_id: numbers.get(question.id) ?? 0,
    doc,
    target,
    arguments: {
      gen_args_0: {
        arg_0: prompt,
        arg_1: { until: [...stop], do_sample: temperature > 0, temperature, max_gen_toks: maxTokens },
      },
    },
    resps: [[turn.reply]],
    filtered_resps: [filtered(question, turn.reply, filter)],
    filter: filters[filter],
    metrics: ['exact_match'],
    doc_hash: hash(indented(doc)),
    prompt_hash: hash(prompt),
    target_hash: hash(target),
    exact_match: filteredCorrect(question, turn.reply, filter) ? 1 : 0,
  }));
}
