/** What an OpenAI-compatible server answers, streamed or whole, put together into one completion. */
import * as v from 'valibot';
import { AgentError } from '../../core/errors';
import type { FinishReason, Sampling, Usage } from '../../core/records';
import type { Completion } from '../agent';

const text = v.object({ content: v.optional(v.nullable(v.string())) });
const logprobs = v.object({
  content: v.optional(v.nullable(v.array(v.object({ logprob: v.number() })))),
});
const chunkSchema = v.object({
  choices: v.optional(
    v.array(
      v.object({
        delta: v.optional(v.nullable(text)),
        message: v.optional(v.nullable(text)),
        finish_reason: v.optional(v.nullable(v.string())),
        logprobs: v.optional(v.nullable(logprobs)),
      }),
    ),
  ),
  usage: v.optional(
    v.nullable(v.object({ prompt_tokens: v.number(), completion_tokens: v.optional(v.number()) })),
  ),
  error: v.optional(v.unknown()),
});

function words(error: unknown): string {
  if (typeof error === 'string') return error;
  const message = (error as { message?: unknown } | null)?.message;
  return typeof message === 'string' ? message : JSON.stringify(error);
}

/** A reply as it comes in. */
export class Reply {
  readonly #url: string;
  text = '';
  /** The server said why it stopped. */
  finished: FinishReason | null = null;
  #pieces = 0;
  #usage: Usage | null = null;
  #logprobs: number[] | null = null;

  constructor(url: string) {
    this.#url = url;
  }

  /** Takes the next JSON document (`whole` = the only one) and gives the text it adds. Throws AgentError. */
  add(document: string, whole = false): string {
    let json: unknown = null;
    try {
      json = JSON.parse(document);
    } catch {
      // Not JSON is as wrong as the wrong JSON.
    }
    const parsed = v.safeParse(chunkSchema, json);
    const least = whole ? 1 : 0;
    if (
      !parsed.success ||
      (parsed.output.error === undefined && (parsed.output.choices?.length ?? -1) < least)
    ) {
      throw new AgentError(
        `${this.#url} sent something that is not a chat completion: ${document.slice(0, 80)}`,
        'Use an OpenAI-compatible server; its address mostly ends with /v1.',
        { details: { passing: false } },
      );
    }
    const { choices = [], usage, error } = parsed.output;
    if (error !== undefined) {
      throw new AgentError(`${this.#url}: ${words(error).slice(0, 300)}`, 'See the log of the server.');
    }
    if (usage) this.#usage = { prompt: usage.prompt_tokens, completion: usage.completion_tokens ?? 0 };
    const choice = choices[0];
    if (choice?.finish_reason) this.finished = choice.finish_reason === 'length' ? 'length' : 'stop';
    for (const { logprob } of choice?.logprobs?.content ?? []) (this.#logprobs ??= []).push(logprob);
    const piece = choice?.delta?.content ?? choice?.message?.content ?? '';
    if (piece !== '') this.#pieces++;
    this.text += piece;
    return piece;
  }

  /**
   * Servers that count no tokens get the number of log-probabilities, else of streamed pieces (mostly a token each); their
   * prompts count 0. Log-probabilities are raw for certain only where sampling changes nothing: temperature 1, topP 1.
   */
  completion(finishReason: FinishReason, { temperature, topP }: Sampling): Completion {
    const logprobs = this.#logprobs;
    return {
      text: this.text,
      finishReason,
      usage: this.#usage ?? { prompt: 0, completion: logprobs?.length ?? this.#pieces },
      ...(logprobs && { logprobs }),
      logprobKind: logprobs === null ? null : temperature === 1 && topP === 1 ? 'raw' : 'tempered',
    };
  }
}
