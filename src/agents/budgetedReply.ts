/**
 * A reply of a model whose tokens we draw ourselves: so many tokens of thoughts, and so many of the answer. A model that thinks past
 * its budget has its thoughts closed for it and is asked for the answer. Without thoughts it is one plain generation.
 */
import { hashKey } from '../core/rng';
import type { FinishReason, Sampling } from '../records/records';
import { closingTag, splitThoughts, thinkingBudgetOf, ThoughtStream } from '../records/thoughts';
import type { Completion } from './agent';

/** Tokens generated in one go. */
export interface Piece {
  readonly ids: readonly number[];
  readonly text: string;
  readonly logprobs: readonly number[];
  readonly finishReason: FinishReason;
}

export interface ReplyParts {
  readonly promptIds: readonly number[];
  /** The prompt ends where thoughts begin. */
  readonly opened: boolean;
  readonly sampling: Sampling;
  /** Most tokens of prompt and reply together. */
  readonly context: number;
  encode(text: string): readonly number[];
  decode(ids: readonly number[]): string;
  /** The text that each token adds. */
  tokenTexts(ids: readonly number[]): readonly string[];
  generate(promptIds: readonly number[], sampling: Sampling, onText?: (text: string) => void): Promise<Piece>;
  /** New text of the answer, as it comes. */
  readonly onText?: ((text: string) => void) | undefined;
}

/** What closes thoughts that are too long. */
const forcedEnd = `\n${closingTag}\n\n`;
/** Tokens kept free for it. */
const forcedTokens = 8;

/** The text up to the first of the stop strings. */
function untilStop(text: string, stops: readonly string[] = []): string {
  const found = stops.flatMap((stop) => (stop !== '' && text.includes(stop) ? [text.indexOf(stop)] : []));
  return found.length === 0 ? text : text.slice(0, Math.min(...found));
}

class Speech {
  ids: readonly number[] = [];
  /** Null once there are tokens that were not drawn. */
  logprobs: readonly number[] | null = [];
  asked = 0;
  toClosing = false;
  last: Piece = { ids: [], text: '', logprobs: [], finishReason: 'length' };
  readonly #parts: ReplyParts;
  readonly #stream: ThoughtStream;

  constructor(parts: ReplyParts) {
    this.#parts = parts;
    this.#stream = new ThoughtStream(parts.opened);
  }

  async say(tokens: number, toClosing: boolean): Promise<void> {
    const { sampling, promptIds, onText } = this.#parts;
    const { stop, ...rest } = sampling;
    const stops = toClosing ? [closingTag] : stop;
    this.asked = tokens;
    this.toClosing = toClosing;
    this.last = await this.#parts.generate(
      [...promptIds, ...this.ids],
      {
        ...rest,
        maxTokens: tokens,
        ...(stops && { stop: stops }),
        // Each part has draws of its own.
        ...(this.ids.length > 0 && { seed: hashKey(sampling.seed, 'thoughts', this.ids.length) }),
      },
      onText && ((text) => this.#tell(this.#stream.push(text))),
    );
    this.ids = [...this.ids, ...this.last.ids];
    this.logprobs &&= [...this.logprobs, ...this.last.logprobs];
    // A stop string is not streamed.
    if (this.closed) this.#tell(this.#stream.push(closingTag));
  }

  /** The last part ended with the thoughts. */
  get closed(): boolean {
    const { finishReason } = this.last;
    return this.toClosing && finishReason === 'stop' && !this.said.open;
  }

  /** A stop string stands in the thoughts: it is not meant for them. */
  get interrupted(): boolean {
    const { finishReason, text, ids } = this.last;
    return finishReason === 'stop' && this.said.open && text.length < this.#parts.decode(ids).length;
  }

  /** The last part has all tokens that it was to have. */
  get usedUp(): boolean {
    return this.last.finishReason === 'length' && this.last.ids.length === this.asked;
  }

  get said(): ReturnType<typeof splitThoughts> {
    return splitThoughts(this.#parts.decode(this.ids), this.#parts.opened);
  }

  /** Tokens up to the end of the thoughts. */
  get thoughtTokens(): number {
    const { thoughtsEnd } = this.said;
    let length = 0;
    let count = 0;
    for (const text of this.#parts.tokenTexts(this.ids)) {
      if (length >= thoughtsEnd) break;
      length += text.length;
      count++;
    }
    return this.said.open ? this.ids.length : count;
  }

  /** Cuts open thoughts to so many tokens and closes them. */
  close(tokens: number): void {
    this.ids = [...this.ids.slice(0, tokens), ...this.#parts.encode(forcedEnd)];
    this.logprobs = null;
    this.#tell(this.#stream.push(forcedEnd));
  }

  end(): void {
    this.#tell(this.#stream.end());
  }

  #tell(text: string): void {
    if (text !== '') this.#parts.onText?.(text);
  }
}

export async function budgetedReply(parts: ReplyParts): Promise<Completion> {
  const { promptIds, opened, sampling } = parts;
  const { maxTokens, stop } = sampling;
  const room = parts.context - promptIds.length - maxTokens - forcedTokens;
  const budget = Math.max(0, Math.min(thinkingBudgetOf(sampling), room));
  const speech = new Speech(parts);
  await speech.say(opened ? budget : maxTokens, opened);
  const thinks = opened || speech.said.thoughts !== null;
  let forced = false;
  while (thinks && (speech.usedUp || speech.closed || speech.interrupted)) {
    const { open } = speech.said;
    const spent = speech.thoughtTokens;
    if (open && spent < budget) await speech.say(budget - spent, true);
    else if (open && !forced) {
      forced = true;
      speech.close(budget);
      await speech.say(maxTokens, false);
    } else if (!open && speech.ids.length - spent < maxTokens)
      await speech.say(maxTokens - (speech.ids.length - spent), false);
    else break;
  }
  speech.end();
  const { ids, logprobs, last } = speech;
  const { thoughts, answer } = speech.said;
  return {
    ...(thinks ? { text: untilStop(answer, stop), ...(thoughts && { thoughts }) } : { text: last.text }),
    finishReason: last.finishReason,
    usage: {
      prompt: promptIds.length,
      completion: ids.length,
      ...(thinks && { thoughts: speech.thoughtTokens }),
    },
    promptIds,
    replyIds: ids,
    ...(logprobs && { logprobs }),
    logprobKind: logprobs ? 'raw' : null,
  };
}
