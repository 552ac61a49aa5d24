/**
 * Self-correction (docs/method.md section 3): the prompt is the question, an answer of one's own and the request to check it, as
 * evaluation's second pass asks; the target is a clean trace that ends in the question's label: a right answer itself, or its
 * correction. Mixed with RSFT's rows one to one, so that the first answer is kept.
 */
import type { Dataset, Message, Question, Trace, Turn } from '../records/records';
import { groupedBy } from '../core/groupedBy';
import { hashKey, RandomStream } from '../core/rng';
import { kindsOf } from './audit';
import { cleanTraces, type TaughtQuestion } from './cleanTraces';
import { endsInLabel } from './labels';
import { drawOne } from './rsft';
import { checkedSteps } from './stepFilter';
import {
  Dropped,
  makeDataset,
  spokenTurns,
  traceOf,
  turnsByQuestion,
  type Candidate,
  type DistillInput,
} from './source';

export interface CorrectOptions {
  /** Whose answers are checked: agents' that the next round corrected or kept, the student's own, or both. */
  readonly from: 'debate' | 'student' | 'both';
  /** Right answers for each wrong one. */
  readonly ratio: number;
}

export interface CorrectInput extends DistillInput {
  /** The student's own answers to training questions. */
  readonly own: readonly Turn[];
  /** The messages in which it is asked to check an answer. */
  readonly check: (question: Question, answer: string) => readonly Message[];
}

/** An answer to be checked, and the trace that follows it. */
interface Pair {
  readonly candidate: Candidate;
  readonly trace: Trace;
  readonly answer: string;
}

/** Pairs by whether the answer to be checked ends in the label. */
interface Pairs {
  readonly wrong: Pair[];
  readonly right: Pair[];
}

/** An answer and the trace that follows it, under the request to check the answer. */
function pairOf(
  input: CorrectInput,
  question: Question,
  answer: string,
  right: boolean,
  candidate: Candidate,
): Pair {
  const messages = input.check(question, answer);
  const trace = { ...traceOf(input, question, candidate), messages, corrective: !right };
  return { candidate, trace, answer };
}

/**
 * What an agent said in one round, and said right in the next: wrong and right before. A right answer is followed by itself where
 * it is fit to be trained on, so that to check it is to keep it.
 */
function debated(input: CorrectInput, taught: TaughtQuestion, turns: readonly Turn[]): Pairs {
  const { question, label, fit } = taught;
  const pairs: Pairs = { wrong: [], right: [] };
  for (const candidate of fit) {
    const { turn } = candidate;
    const before = turns.find(({ agent, round }) => agent === turn.agent && round === turn.round - 1);
    if (!before || before.finishReason === 'error' || before.reply.trim() === '') continue;
    const right = endsInLabel(question, label, before, input.labels);
    const same = right ? fit.find((one) => one.turn === before) : undefined;
    (right ? pairs.right : pairs.wrong).push(pairOf(input, question, before.reply, right, same ?? candidate));
  }
  return pairs;
}

/** Characters in which two texts begin alike. */
function sharedStart(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i;
  return length;
}

/**
 * The student's own answers. A right one without a wrong step is followed by itself; any other by the clean trace of the question
 * that begins as it does for longest, so that what was right is kept.
 */
function sampled(input: CorrectInput, taught: TaughtQuestion, own: readonly Turn[]): Pairs {
  const { question, label, fit } = taught;
  const pairs: Pairs = { wrong: [], right: [] };
  for (const turn of own) {
    const random = new RandomStream(hashKey(input.seed, 'correct', question.id, turn.protocol, turn.agent));
    const right = endsInLabel(question, label, turn, input.labels);
    const steps = checkedSteps(turn.reply);
    const wrongStep = steps === 'wrong';
    if (right && !(wrongStep && input.stepFilter === 'auto')) {
      const itself = { turn, text: turn.reply, corrective: false, checked: steps !== null, wrongStep };
      const pair = pairOf(input, question, turn.reply, right, { ...itself, quotesPeers: false });
      // No turn of the debate taught it.
      pairs.right.push({ ...pair, trace: { ...pair.trace, source: [] } });
      continue;
    }
    const start = (one: Candidate): number => sharedStart(one.text.trim(), turn.reply.trim());
    const nearest = random.shuffle(fit).reduce((best, one) => (start(one) > start(best) ? one : best));
    (right ? pairs.right : pairs.wrong).push(pairOf(input, question, turn.reply, right, nearest));
  }
  return pairs;
}

/** Each answer to a question once. */
function distinct(pairs: readonly Pair[], dropped: Dropped): Pair[] {
  const seen = new Map(
    pairs.toReversed().map((pair) => [`${pair.trace.questionId}|${pair.answer.trim()}`, pair]),
  );
  const kept = new Set(seen.values());
  dropped.add('repeated-answer', pairs.length - kept.size);
  return pairs.filter((pair) => kept.has(pair));
}

/** `count` of a list in a drawn order, each as often as any other where there are fewer. */
function drawn<T>(list: readonly T[], count: number, random: RandomStream): T[] {
  const taken: T[] = [];
  while (taken.length < count && list.length > 0)
    taken.push(...random.shuffle(list).slice(0, count - taken.length));
  return taken;
}

/** Questions without a clean trace are left out, as RSFT leaves them out. */
export function correct(input: CorrectInput, { from, ratio }: CorrectOptions): Dataset {
  const dropped = new Dropped();
  const turns = turnsByQuestion(input);
  const own = groupedBy(spokenTurns(input.own, dropped), ({ questionId }) => questionId);
  const { taught, audit } = cleanTraces(input, dropped);
  const [wrong, right]: [Pair[], Pair[]] = [[], []];
  for (const one of taught) {
    const { id } = one.question;
    if (one.without) {
      dropped.add(one.without);
      continue;
    }
    const sources = [
      ...(from === 'student' ? [] : [debated(input, one, turns.get(id) ?? [])]),
      ...(from === 'debate' ? [] : [sampled(input, one, own.get(id) ?? [])]),
    ];
    for (const found of sources) {
      wrong.push(...found.wrong);
      right.push(...found.right);
    }
  }
  const mended = distinct(wrong, dropped);
  const sound = distinct(right, dropped);
  const random = new RandomStream(hashKey(input.seed, 'correct'));
  // Without labels no answer that could be read is known to be wrong: all are taken.
  const wanted = input.labels === 'none' ? sound.length : Math.round(ratio * mended.length);
  const kept = drawn(sound, Math.min(sound.length, wanted), random);
  dropped.add('right-answer-not-drawn', sound.length - kept.length);
  const pairs = [...mended, ...kept];
  const rsft = drawOne(input, 'rsft').drawn;
  const plain = drawn(rsft, pairs.length, random);
  const traces = [
    ...pairs.map(({ trace }) => trace),
    ...plain.map(({ question, candidate }) => traceOf(input, question, candidate)),
  ];
  return {
    ...makeDataset('correct', traces, dropped, {
      ...audit,
      kept: kindsOf([...pairs, ...plain].map(({ candidate }) => candidate)),
    }),
    parts: { corrected: mended.length, confirmed: kept.length, plain: plain.length },
  };
}
