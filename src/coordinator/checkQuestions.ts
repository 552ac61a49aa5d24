/** Whether the chosen models can read a question file: their words, and the room of their context. */
import type { LongQuestion, QuestionCheck } from '../tasks/questionFiles';
import type { Message, PromptStyle, Question } from '../records/records';
import type { RunConfig } from '../settings/config';
import { turnMessages } from '../debate/prompts';
import { defaultMaxContext } from '../lm/load';
import { loadTokenizer } from '../lm/tokenizer';
import type { Tokenizer } from '../lm/types';
import { fetchCatalogue } from '../models/catalogue';
import type { ModelRef } from '../models/modelSpec';
import { promptStyle } from '../job/job';
import { openModelSource, readModelConfig } from '../models/modelSource';
import { resolveModels } from '../job/resolveAgents';

/** What of a model decides what it can read. */
export interface Reader {
  readonly model: string;
  readonly style: PromptStyle;
  readonly tokenizer: Pick<Tokenizer, 'unknownWords' | 'encode' | 'chatIds'>;
  /** Tokens that its context holds. */
  readonly context: number;
}

/** Words that lack are named, not listed. */
const namedWords = 12;
/** More than a chat template puts round a question. */
const frameBytes = 512;
const piece = /[\p{L}\p{M}'’]+|\d+|[^\s\p{L}\p{M}\d]/gu;
const hasLetter = /\p{L}/u;

function textOf({ text, options }: Question): string {
  return [text, ...(options ?? [])].join(' ');
}

function promptTokens({ tokenizer }: Reader, messages: readonly Message[]): number {
  try {
    return tokenizer.chatIds(messages, { addGenerationPrompt: true }).length;
  } catch {
    // Without a chat template the bare text is asked.
    return tokenizer.encode(messages.map(({ content }) => content).join('\n\n')).length;
  }
}

function longFor(reader: Reader, question: Question): LongQuestion | null {
  const messages = turnMessages({ style: reader.style, question, own: [], peers: [] });
  // No tokenizer makes more tokens than there are bytes, so most questions need no count.
  const bytes = messages.reduce((sum, { content }) => sum + new TextEncoder().encode(content).length, 0);
  if (bytes + frameBytes <= reader.context) return null;
  const tokens = promptTokens(reader, messages);
  // At least one token of an answer.
  if (tokens < reader.context) return null;
  return { questionId: question.id, model: reader.model, tokens, context: reader.context };
}

export function checkQuestions(questions: readonly Question[], readers: readonly Reader[]): QuestionCheck {
  const pieces = questions.map((question) => new Set(textOf(question).match(piece) ?? []));
  const all = new Set(pieces.flatMap((own) => [...own]));
  const lacking = new Set<string>();
  const models: string[] = [];
  for (const { model, tokenizer } of readers) {
    const unknown = tokenizer.unknownWords([...all].join(' ')).filter((word) => all.has(word));
    for (const word of unknown) lacking.add(word);
    if (unknown.length > 0) models.push(model);
  }
  const uses = new Map<string, number>();
  for (const own of pieces)
    for (const word of own) if (lacking.has(word)) uses.set(word, (uses.get(word) ?? 0) + 1);
  const words = [...all].filter((word) => hasLetter.test(word));
  const long = new Map<string, LongQuestion>();
  for (const reader of readers) {
    for (const question of questions) {
      const found = longFor(reader, question);
      const known = long.get(question.id);
      if (found && (!known || found.context < known.context)) long.set(question.id, found);
    }
  }
  return {
    words: words.length,
    known: words.filter((word) => !lacking.has(word)).length,
    unreadable: pieces.filter((own) => [...own].some((word) => lacking.has(word))).length,
    questions: questions.length,
    lacking: [...uses]
      .sort(([, a], [, b]) => b - a)
      .slice(0, namedWords)
      .map(([word]) => word),
    models,
    long: [...long.values()],
  };
}

/** Models that are here: bundled, or in storage. Others are looked at when they are loaded. */
async function readerOf(ref: ModelRef): Promise<Reader | null> {
  if (ref.promptStyle === null && ref.place.type !== 'stored') return null;
  const source = openModelSource(ref);
  const config = await readModelConfig(source);
  const tokenizer = await loadTokenizer(source, { eosIds: config.eosIds });
  return {
    model: ref.id,
    style: promptStyle(ref),
    tokenizer,
    context: Math.min(config.maxPosition, defaultMaxContext),
  };
}

/** Reads each model once, as long as this lives. */
export class Readers {
  readonly #known = new Map<string, Promise<Reader | null>>();

  /** Of a config's agents and student; those that cannot be read here (not downloaded, other libraries') are left out. */
  async of(config: RunConfig, base: string): Promise<readonly Reader[]> {
    const { models } = resolveModels(config, await fetchCatalogue(base), base);
    const found = await Promise.all(
      models.map((ref) => {
        const known = this.#known.get(ref.id) ?? readerOf(ref);
        this.#known.set(ref.id, known);
        known.catch(() => this.#known.delete(ref.id));
        // Errors of a model are reported when it is loaded.
        return known.catch(() => null);
      }),
    );
    return found.filter((reader) => reader !== null);
  }
}
