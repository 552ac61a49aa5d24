/** Whether the chosen models can read and answer a file's questions: their words, and the room of their context. */
import type { Hopeless, LongQuestion, QuestionCheck } from '../tasks/questionFiles';
import type { Message, Question } from '../records/records';
import { turnMessages, type Shot } from '../debate/prompts';
import type { ChosenReaders, Reader } from './questionReaders';

export interface CheckOptions extends Omit<ChosenReaders, 'readers'> {
  /** Those that the run learns from; of `questions` without a plan. */
  readonly train?: readonly Question[];
  /** Solved questions that agents see first. */
  readonly shots?: readonly Shot[];
  /** Tokens that an answer may take. */
  readonly maxTokens?: number;
}

/** Words that lack are named, not listed. */
const namedWords = 12;
/** Tokens that a template may add round longer messages. */
const slack = 16;
const piece = /[\p{L}\p{M}'’]+|\d+|[^\s\p{L}\p{M}\d]/gu;
const hasLetter = /\p{L}/u;

const piecesOf = (text: string): ReadonlySet<string> => new Set(text.match(piece) ?? []);

function textOf({ text, options }: Question): string {
  return [text, ...(options ?? [])].join(' ');
}

function countTokens({ tokenizer }: Reader, messages: readonly Message[]): number {
  try {
    return tokenizer.chatIds(messages, { addGenerationPrompt: true }).length;
  } catch {
    // Without a chat template the bare text is asked.
    return tokenizer.encode(messages.map(({ content }) => content).join('\n\n')).length;
  }
}

/** What a template puts round messages of these roles, by reader: its tokens round one letter each, and some more. */
class Frames {
  readonly #known = new Map<string, number>();

  of(reader: Reader, messages: readonly Message[]): number {
    const key = JSON.stringify([reader.model, messages.map(({ role }) => role)]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = countTokens(
      reader,
      messages.map((one) => ({ ...one, content: 'a' })),
    );
    this.#known.set(key, found + slack);
    return found + slack;
  }
}

/** Tokens of a question's prompt; null where they surely leave room for an answer. Examples are the agents' alone. */
function promptTokens(
  reader: Reader,
  question: Question,
  { shots = [], maxTokens = 1 }: CheckOptions,
  frames: Frames,
): number | null {
  const { style, agent, persona, context } = reader;
  const asAgent = agent ? { shots, ...(persona && { persona }) } : {};
  const messages = turnMessages({ style, question, own: [], peers: [], ...asAgent });
  // No tokenizer makes more tokens than there are bytes, so most questions need no count.
  const bytes = messages.reduce((sum, { content }) => sum + new TextEncoder().encode(content).length, 0);
  const most = bytes + frames.of(reader, messages);
  return most + maxTokens <= context ? null : countTokens(reader, messages);
}

/** What some pieces lack in a reader's vocabulary. */
function lackedBy({ tokenizer }: Reader, all: ReadonlySet<string>): ReadonlySet<string> {
  return new Set(tokenizer.unknownWords([...all].join(' ')).filter((word) => all.has(word)));
}

const union = (sets: readonly ReadonlySet<string>[]): ReadonlySet<string> =>
  new Set(sets.flatMap((one) => [...one]));
const meets = (own: ReadonlySet<string>, lacking: ReadonlySet<string>): boolean =>
  [...own].some((word) => lacking.has(word));

/** Words by the number of questions that use them. */
function mostUsed(words: ReadonlySet<string>, texts: readonly ReadonlySet<string>[]): readonly string[] {
  const uses = new Map<string, number>();
  for (const own of texts)
    for (const word of own) if (words.has(word)) uses.set(word, (uses.get(word) ?? 0) + 1);
  return [...uses]
    .sort(([, a], [, b]) => b - a)
    .slice(0, namedWords)
    .map(([word]) => word);
}

interface Found {
  readonly reader: Reader;
  readonly lacks: ReadonlySet<string>;
  /** Ids of the questions that are too long for it. */
  readonly long: ReadonlySet<string>;
}

/** Who can use no question of the training at all: all agents, or else the student. */
function hopelessOf(
  train: readonly Question[],
  pieces: ReadonlyMap<string, ReadonlySet<string>>,
  found: readonly Found[],
  otherAgents: boolean,
): Hopeless | null {
  if (train.length === 0) return null;
  const fits = ({ long }: Found, { id }: Question): boolean => !long.has(id);
  const reads = ({ lacks }: Found, { id }: Question): boolean =>
    lacks.size === 0 || !meets(pieces.get(id) ?? new Set(), lacks);
  const judge = (who: Hopeless['who'], readers: readonly Found[]): Hopeless | null => {
    if (readers.length === 0) return null;
    const some = (can: (one: Found, question: Question) => boolean): boolean =>
      train.some((question) => readers.some((one) => can(one, question)));
    if (some((one, question) => fits(one, question) && reads(one, question))) return null;
    return { who, why: some(fits) ? 'words' : 'long', questions: train.length };
  };
  const agents = found.filter(({ reader }) => reader.agent);
  const students = found.filter(({ reader }) => reader.student);
  return (otherAgents ? null : judge('agents', agents)) ?? judge('student', students);
}

export function checkQuestions(
  questions: readonly Question[],
  readers: readonly Reader[],
  options: CheckOptions = { unchecked: [], otherAgents: false },
): QuestionCheck {
  const { maxTokens = 1, unchecked, otherAgents, train = questions } = options;
  const pieces = new Map(questions.map((question) => [question.id, piecesOf(textOf(question))]));
  const texts = [...pieces.values()];
  const all = union(texts);
  const long = new Map<string, LongQuestion>();
  const room = new Map<string, number>();
  const frames = new Frames();
  const found = readers.map((reader): Found => {
    const own = new Set<string>();
    for (const question of questions) {
      const { id } = question;
      const tokens = promptTokens(reader, question, options, frames);
      if (tokens === null) continue;
      const { model, context } = reader;
      // At least one token of an answer.
      if (tokens >= context) {
        own.add(id);
        const known = long.get(id);
        if (!known || context < known.context) long.set(id, { questionId: id, model, tokens, context });
      } else if (tokens + maxTokens > context) {
        room.set(id, Math.min(room.get(id) ?? Infinity, context - tokens));
      }
    }
    return { reader, lacks: lackedBy(reader, all), long: own };
  });
  const lacking = union(found.map(({ lacks }) => lacks));
  const words = [...all].filter((word) => hasLetter.test(word));
  for (const id of long.keys()) room.delete(id);
  return {
    words: words.length,
    known: words.filter((word) => !lacking.has(word)).length,
    unreadable: texts.filter((own) => meets(own, lacking)).length,
    questions: questions.length,
    lacking: mostUsed(lacking, texts),
    models: found.filter(({ lacks }) => lacks.size > 0).map(({ reader }) => reader.model),
    long: [...long.values()],
    tight:
      room.size === 0 ? null : { questions: room.size, room: Math.min(...room.values()), asked: maxTokens },
    unsayable: unsayableIn(questions, readers, otherAgents),
    unchecked,
    hopeless: hopelessOf(train, pieces, found, otherAgents),
  };
}

/** Right answers that the student has no tokens for, or no agent. */
function unsayableIn(
  questions: readonly Question[],
  readers: readonly Reader[],
  otherAgents: boolean,
): QuestionCheck['unsayable'] {
  const answers = questions.map((question) => piecesOf(question.gold));
  const all = union(answers);
  const agents = otherAgents ? [] : readers.filter(({ agent }) => agent).map((one) => lackedBy(one, all));
  const students = readers.filter(({ student }) => student).map((one) => lackedBy(one, all));
  const unsaid = answers.filter(
    (own) =>
      students.some((lacks) => meets(own, lacks)) ||
      (agents.length > 0 && agents.every((lacks) => meets(own, lacks))),
  );
  if (unsaid.length === 0) return null;
  return { questions: unsaid.length, words: mostUsed(union([...students, ...agents]), unsaid) };
}
