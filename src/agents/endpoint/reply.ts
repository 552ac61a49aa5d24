/** What an OpenAI-compatible server answers, streamed or whole, put together into one completion. */
import * as v from 'valibot';
import { AgentError } from '../../core/errors';
import { parseJson } from '../../core/json';
import type { FinishReason, Sampling, Usage } from '../../records/records';
import { splitThoughts, thoughtShare, ThoughtStream } from '../../records/thoughts';
import type { Completion } from '../agent';
import type { BodyDocument } from './body';

/** Text, or parts with text. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return '';
  return value.map((part: unknown) => textOf(fieldsOf(part)?.['text'] ?? '')).join('');
}

const words = v.nullish(
  v.union([
    v.string(),
    // Some servers send a reply in parts, and its thoughts as parts of their own.
    v.pipe(
      v.array(v.looseObject({ text: v.nullish(v.string()), thinking: v.optional(v.unknown()) })),
      v.transform((parts) =>
        parts
          .map(({ text, thinking }) =>
            thinking == null ? (text ?? '') : `<think>${textOf(thinking)}</think>`,
          )
          .join(''),
      ),
    ),
  ]),
);
const said = v.nullish(
  v.looseObject({
    content: words,
    reasoning_content: v.optional(v.unknown()),
    reasoning: v.optional(v.unknown()),
  }),
);
const choiceSchema = v.looseObject({
  delta: said,
  message: said,
  text: v.nullish(v.string()),
  finish_reason: v.optional(v.unknown()),
  logprobs: v.optional(v.unknown()),
});
type Choice = v.InferOutput<typeof choiceSchema>;

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;

const count = (value: unknown): number | null =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null;

/** The words of an error that a document states; null where it states none: `error: null` and `error: {}` are none. */
function errorOf(json: Fields, name: string): string | null {
  const named = json['object'] === 'error' || name === 'error';
  const error = json['error'] ?? (named ? json : null);
  if (typeof error === 'string') return error === '' ? null : error;
  if (error === true) return 'error';
  const fields = fieldsOf(error);
  if (fields) {
    const { message } = fields;
    if (typeof message === 'string' && message !== '') return message;
    return Object.values(fields).every((value) => value === null) ? null : JSON.stringify(error);
  }
  return Array.isArray(error) && error.length > 0 ? JSON.stringify(error) : null;
}

/** The log-probabilities of a choice; null where one is not a number: then none of the reply can be used. */
function logprobsOf(logprobs: unknown): readonly number[] | null {
  const content = fieldsOf(logprobs)?.['content'];
  if (!Array.isArray(content)) return [];
  const values = content.map((entry) => fieldsOf(entry)?.['logprob']);
  return values.every((value): value is number => Number.isFinite(value)) ? values : null;
}

/** Thoughts in a place of their own; servers that are between two names for it send both. */
function thoughtOf(said: Choice['delta']): string {
  const thoughts = [said?.reasoning_content, said?.reasoning];
  return (thoughts.find((one) => typeof one === 'string' && one !== '') as string | undefined) ?? '';
}

const failures = new Set(['error', 'abort', 'aborted', 'cancelled', 'insufficient_system_resource']);
const limits = new Set(['length', 'max_tokens', 'model_length']);

export interface ReplyOptions {
  /** Who answers. */
  readonly url: string;
  /** Characters after which the reply is cut: a server that knows no limit would never end. */
  readonly maxCharacters: number;
  /** Pieces of the answer, about a token each, after which a model that has thought is cut. */
  readonly maxPieces: number;
  /** Earlier replies began with thoughts that had an end tag alone. */
  readonly opened: boolean;
  /** Takes the key out of what the server sends. */
  clean(text: string): string;
}

/** A reply as it comes in. */
export class Reply {
  readonly #options: ReplyOptions;
  /** All that stood where the answer stands: some servers leave thoughts in it. */
  text = '';
  readonly #stream: ThoughtStream;
  /** Thoughts that came in a place of their own. */
  #apart = '';
  #answerPieces = 0;
  /** Why it stopped: the server said so, or it reached the limit. */
  finished: FinishReason | null = null;
  /** Grows with everything the model says, thoughts included. */
  spoken = 0;
  /** A part of a chat completion came. */
  begun = false;
  /** It reached maxCharacters. */
  cut = false;
  /** The first document that was none. */
  #stray: string | null = null;
  #pieces = 0;
  #prompt: number | null = null;
  #completion: number | null = null;
  /** Tokens of thoughts, where the server counts them. */
  #thoughts: number | null = null;
  #logprobs: number[] | null = [];

  constructor(options: ReplyOptions) {
    this.#options = options;
    this.#stream = new ThoughtStream(options.opened);
  }

  /** The answer so far; while it is not known whether this is one, nothing. */
  get answer(): string {
    return this.#stream.answer;
  }

  /** Whether its thoughts stand in the text with an end tag alone. */
  get opened(): boolean {
    return this.#stream.lone;
  }

  /**
   * Takes the next document. What says nothing is passed over: pings, counts without choices,
   * nulls. Throws AgentError.
   */
  add({ data, name, whole }: BodyDocument): void {
    const { url, clean } = this.#options;
    let json: unknown = null;
    try {
      json = parseJson(data);
    } catch {
      // Half a document may have held half of the reply; anything else is a sign of life.
      if (!whole && /^\s*[[{]/.test(data)) {
        throw new AgentError(
          `${url} sent a damaged part after ${this.text.length} characters: ${clean(data).slice(0, 80)}`,
          'See the log of the server; the turn is asked for again.',
        );
      }
    }
    // Some wrap the one document they send in a list.
    const fields = fieldsOf(Array.isArray(json) && json.length === 1 ? (json[0] as unknown) : json);
    const error = fields && errorOf(fields, name);
    if (error) throw new AgentError(`${url}: ${clean(error).slice(0, 300)}`, 'See the log of the server.');
    const usage = fieldsOf(fields?.['usage']);
    this.#prompt = count(usage?.['prompt_tokens']) ?? this.#prompt;
    this.#completion = count(usage?.['completion_tokens']) ?? this.#completion;
    // Servers that do not count them send 0.
    this.#thoughts =
      count(fieldsOf(usage?.['completion_tokens_details'])?.['reasoning_tokens']) || this.#thoughts;
    const choices = fields?.['choices'];
    const first: unknown = Array.isArray(choices) ? choices.find((one) => fieldsOf(one)) : undefined;
    if (first === undefined) {
      if (data.trim() !== '') this.#stray ??= data;
      return;
    }
    const parsed = v.safeParse(choiceSchema, first);
    if (!parsed.success) throw this.#noCompletion(data);
    this.begun = true;
    this.#take(parsed.output);
  }

  #take(choice: Choice): void {
    const { delta, message, finish_reason: reason } = choice;
    if (typeof reason === 'string' && reason !== '') {
      if (failures.has(reason)) {
        throw new AgentError(
          `${this.#options.url} gave up after ${this.text.length} characters (${reason}).`,
          'See the log of the server; the turn is asked for again.',
        );
      }
      this.finished = limits.has(reason) ? 'length' : 'stop';
    }
    const logprobs = logprobsOf(choice.logprobs);
    if (logprobs === null) this.#logprobs = null;
    else this.#logprobs?.push(...logprobs);
    // A `message` beside the deltas is the whole reply so far.
    const all = message?.content ?? '';
    const rest = all.startsWith(this.text) ? all.slice(this.text.length) : '';
    let piece = delta?.content ?? (rest || (choice.text ?? ''));
    if (piece !== '') this.#pieces++;
    const left = this.#options.maxCharacters - this.text.length;
    if (piece.length > left) {
      piece = piece.slice(0, left);
      this.finished = 'length';
      this.cut = true;
    }
    this.text += piece;
    this.#stream.push(piece);
    const thought = thoughtOf(delta) || (this.#apart === '' ? thoughtOf(message) : '');
    this.#apart += thought;
    if (thought !== '') this.#pieces++;
    this.spoken += piece.length + thought.length;
    const answering = this.#stream.thought ? !this.#stream.thinking : this.#apart !== '';
    if (piece !== '' && answering && ++this.#answerPieces >= this.#options.maxPieces && delta) {
      this.finished ??= 'length';
      this.cut = true;
    }
  }

  #noCompletion(data: string): AgentError {
    const { url, clean } = this.#options;
    const excerpt = clean(data).slice(0, 80).trim();
    return new AgentError(
      `${url} sent something that is not a chat completion: ${excerpt === '' ? '(nothing)' : excerpt}`,
      'Use an OpenAI-compatible server; its address mostly ends with /v1.',
      { details: { passing: false } },
    );
  }

  /** Throws AgentError unless the reply is a whole one. `ended`: the server said that this is the end. */
  check(ended: boolean): void {
    if (!this.begun && this.#stray !== null) throw this.#noCompletion(this.#stray);
    if (this.begun && (ended || this.finished !== null)) return;
    throw new AgentError(
      `${this.#options.url} broke off after ${this.text.length} characters.`,
      'See the log of the server; the turn is asked for again.',
    );
  }

  /**
   * Servers that count no tokens get the number of log-probabilities, else of streamed pieces (mostly a token each); their
   * prompts count 0. Thoughts that a server does not count have the share of the tokens that they have of the characters. Log-probabilities are raw for certain only where sampling changes nothing: temperature 1, topP 1.
   */
  completion(finishReason: FinishReason, { temperature, topP }: Sampling): Completion {
    const logprobs = this.#logprobs?.length ? this.#logprobs : null;
    // Of a reply that was cut without a tag it is known from others that it began with thoughts.
    const said = splitThoughts(this.text, this.#options.opened && finishReason === 'length');
    const thoughts = [this.#apart.trim(), said.thoughts ?? ''].filter((part) => part !== '').join('\n');
    const tagged = this.#apart !== '' || said.thoughts !== null;
    const completion = this.#completion ?? logprobs?.length ?? this.#pieces;
    const answer = tagged ? said.answer.trimStart() : this.text;
    const usage: Usage = {
      prompt: this.#prompt ?? 0,
      completion,
      ...(thoughts !== '' && {
        thoughts: Math.min(completion, this.#thoughts ?? thoughtShare(completion, thoughts, answer)),
      }),
    };
    return {
      text: answer,
      ...(thoughts !== '' && { thoughts }),
      finishReason,
      usage,
      ...(logprobs && { logprobs }),
      logprobKind: logprobs === null ? null : temperature === 1 && topP === 1 ? 'raw' : 'tempered',
    };
  }
}
