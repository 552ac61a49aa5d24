/**
 * Self-correction (docs/method.md section 3): the prompt is the question, an answer of one's own and the request to check it, as
 * evaluation's second pass asks; the target is a right trace. Mixed with RSFT's rows one to one, so that the first answer is kept.
 */
import type { Dataset, Message, Question, Trace, Turn } from '../records/records';
import { groupedBy } from '../core/groupedBy';
import { hashKey, RandomStream } from '../core/rng';
import { rsft } from './rsft';
import { candidates, Dropped, makeDataset, spokenTurns, traceOf, turnsByQuestion, type Candidate, type DistillInput } from './source'; // prettier-ignore

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
  readonly trace: Trace;
  readonly answer: string;
}

/** What an agent said in one round, and said right in the next: wrong and right before. */
function debated(
  input: CorrectInput,
  question: Question,
  turns: readonly Turn[],
  fit: readonly Candidate[],
): { wrong: Pair[]; right: Pair[] } {
  const [wrong, right]: [Pair[], Pair[]] = [[], []];
  for (const candidate of fit) {
    const { turn, corrective } = candidate;
    const before = turns.find(({ agent, round }) => agent === turn.agent && round === turn.round - 1);
    if (!before || before.finishReason === 'error' || before.reply.trim() === '') continue;
    const trace = { ...traceOf(input, question, candidate), messages: input.check(question, before.reply) };
    if (corrective) wrong.push({ trace, answer: before.reply });
    else if (before.correct) right.push({ trace, answer: before.reply });
  }
  return { wrong, right };
}

/** The student's own answers, each followed by one of the question's accepted traces. */
function sampled(
  input: CorrectInput,
  question: Question,
  own: readonly Turn[],
  fit: readonly Candidate[],
): { wrong: Pair[]; right: Pair[] } {
  const [wrong, right]: [Pair[], Pair[]] = [[], []];
  for (const turn of own) {
    const random = new RandomStream(hashKey(input.seed, 'correct', question.id, turn.protocol, turn.agent));
    const trace = {
      ...traceOf(input, question, random.pick(fit)),
      messages: input.check(question, turn.reply),
      corrective: !turn.correct,
    };
    (turn.correct ? right : wrong).push({ trace, answer: turn.reply });
  }
  return { wrong, right };
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

/** Questions without an accepted trace are left out, as RSFT leaves them out. */
export function correct(input: CorrectInput, { from, ratio }: CorrectOptions): Dataset {
  const dropped = new Dropped();
  const turns = turnsByQuestion(input);
  const own = groupedBy(spokenTurns(input.own, dropped), ({ questionId }) => questionId);
  const [wrong, right]: [Pair[], Pair[]] = [[], []];
  for (const question of input.questions) {
    const said = turns.get(question.id) ?? [];
    const fit = candidates(said, input, dropped);
    if (fit.length === 0) {
      dropped.add('no-correct-trace');
      continue;
    }
    const sources = [
      ...(from === 'student' ? [] : [debated(input, question, said, fit)]),
      ...(from === 'debate' ? [] : [sampled(input, question, own.get(question.id) ?? [], fit)]),
    ];
    for (const found of sources) {
      wrong.push(...found.wrong);
      right.push(...found.right);
    }
  }
  const mended = distinct(wrong, dropped);
  const sound = distinct(right, dropped);
  const random = new RandomStream(hashKey(input.seed, 'correct'));
  const kept = drawn(sound, Math.min(sound.length, Math.round(ratio * mended.length)), random);
  dropped.add('right-answer-not-drawn', sound.length - kept.length);
  const pairs = [...mended, ...kept].map(({ trace }) => trace);
  const plain = drawn(rsft(input).traces, pairs.length, random);
  return {
    ...makeDataset('correct', [...pairs, ...plain], dropped),
    parts: { corrected: mended.length, confirmed: kept.length, plain: plain.length },
  };
}
