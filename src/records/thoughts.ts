/**
 * Splits a reply into what the model thought and what it answered, whole or as it grows; the one place that does. Thoughts stand
 * between tags; the opening tag may be in the prompt (then only the closing one is said), and the closing one may be missing where
 * the reply was cut.
 */
import { defaultThinkingBudget } from '../settings/thinkingBudget';

/** Whether a model is to think before it answers: off where its template can switch it off, auto = as its template has it. */
export type ThinkingMode = 'off' | 'auto' | 'on';

/** Tokens of thoughts that a reply may have beside its answer. */
export const thinkingBudgetOf = ({ thinkingBudget }: { readonly thinkingBudget?: number }): number =>
  thinkingBudget ?? defaultThinkingBudget;

const names = 'think|thinking|thought|thoughts|reasoning|seed:think';
/** As Qwen, DeepSeek, SmolLM and Seed write them; Kimi; Mistral; Command. */
const tag = new RegExp(
  `<(/?)(?:${names})>|◁(/?)think▷|\\[(/?)THINK\\]|<\\|(?:START|(END))_THINKING\\|>`,
  'i',
);
const tags = [
  ...names.split('|').flatMap((name) => [`<${name}>`, `</${name}>`]),
  ...['◁think▷', '◁/think▷', '[think]', '[/think]', '<|start_thinking|>', '<|end_thinking|>'],
];
const longestTag = Math.max(...tags.map(({ length }) => length));

/** What closes thoughts where nothing else is known. */
export const closingTag = '</think>';

const opening = new RegExp(`(?:<(?:${names})>|◁think▷|\\[THINK\\]|<\\|START_THINKING\\|>)\\s*$`, 'i');

/** Whether a prompt ends where thoughts begin: the reply is then thoughts from its first word on. */
export const opensThoughts = (prompt: string): boolean => opening.test(prompt.slice(-100));

/** Characters at the end of a text that may be the beginning of a tag. */
function openTail(text: string): number {
  const end = text.slice(-longestTag + 1).toLowerCase();
  for (let from = 0; from < end.length; from++) {
    const tail = end.slice(from);
    if (tags.some((one) => one.startsWith(tail))) return tail.length;
  }
  return 0;
}

/** A reply that grows. `thoughts` and `answer` hold what is settled; `end` settles the rest. */
export class ThoughtStream {
  #thoughts = '';
  #answer = '';
  #pending = '';
  /** Characters that came before what is pending. */
  #read = 0;
  #closed = 0;
  #inside: boolean;
  #met: boolean;
  #lone = false;

  /** `opened`: the prompt ends in an opening tag. */
  constructor(opened = false) {
    this.#inside = opened;
    this.#met = opened;
  }

  /** Whether what comes next is a thought. */
  get thinking(): boolean {
    return this.#inside;
  }

  /** Whether there are thoughts at all, if only empty ones. */
  get thought(): boolean {
    return this.#met;
  }

  /** There was a closing tag alone: the opening one was in the prompt. */
  get lone(): boolean {
    return this.#lone;
  }

  get thoughts(): string {
    return this.#thoughts.trim();
  }

  get answer(): string {
    return this.#answer;
  }

  /** Characters up to the end of the last closing tag: all of them while it is thinking. */
  get thoughtsEnd(): number {
    return this.#inside ? this.#read + this.#pending.length : this.#closed;
  }

  /**
   * Takes the next piece and gives what it adds to the answer. What was given before turns out to be a thought where a closing tag
   * comes that nothing opened: `answer` then starts again.
   */
  push(piece: string): string {
    this.#pending += piece;
    let added = '';
    for (;;) {
      const match = tag.exec(this.#pending);
      if (match === null) break;
      added += this.#take(this.#pending.slice(0, match.index));
      this.#read += match.index + match[0].length;
      this.#pending = this.#pending.slice(match.index + match[0].length);
      const closes = match.slice(1).some((part) => part !== undefined && part !== '');
      if (closes) added = this.#close(added);
      else if (!this.#inside) this.#open();
    }
    const settled = this.#pending.length - openTail(this.#pending);
    added += this.#take(this.#pending.slice(0, settled));
    this.#read += settled;
    this.#pending = this.#pending.slice(settled);
    return added;
  }

  /** The last of it. */
  end(): string {
    const rest = this.#pending;
    this.#read += rest.length;
    this.#pending = '';
    return this.#take(rest);
  }

  #open(): void {
    this.#inside = true;
    this.#met = true;
    this.#thoughts += '\n';
    // Words on both sides of a thought stay words of their own.
    this.#answer = this.#answer.trim() === '' ? '' : `${this.#answer}\n`;
  }

  /** A closing tag that nothing opened: the opening one was in the prompt. */
  #close(added: string): string {
    const lone = !this.#inside;
    if (lone) {
      this.#lone = true;
      this.#thoughts += `\n${this.#answer}\n`;
      this.#answer = '';
    }
    this.#inside = false;
    this.#closed = this.#read;
    this.#met = true;
    return lone ? '' : added;
  }

  #take(text: string): string {
    if (this.#inside) {
      this.#thoughts += text;
      return '';
    }
    // A blank line divides thoughts from the answer.
    const piece = this.#met && this.#answer === '' ? text.trimStart() : text;
    this.#answer += piece;
    return piece;
  }
}

export interface SaidParts {
  /** Null where the model did not think; '' where its thoughts were empty. */
  readonly thoughts: string | null;
  /** A reply without thoughts is its answer to the letter. */
  readonly answer: string;
  /** The thoughts do not end. */
  readonly open: boolean;
  /** Characters of the text up to where they do. */
  readonly thoughtsEnd: number;
}

export function splitThoughts(text: string, opened = false): SaidParts {
  const stream = new ThoughtStream(opened);
  stream.push(text);
  stream.end();
  const { thought, thoughts, answer, thinking, thoughtsEnd } = stream;
  return { thoughts: thought ? thoughts : null, answer, open: thinking, thoughtsEnd };
}

/** Tokens of thoughts by their share of the characters, where nobody counted them. */
export function thoughtShare(completion: number, thoughts: string, answer: string): number {
  return Math.round((completion * thoughts.length) / Math.max(1, thoughts.length + answer.length));
}

/** Thoughts and answer as one text, in the form that most templates read. */
export function joinThoughts(thoughts: string, answer: string): string {
  return `<think>\n${thoughts.trim()}\n${closingTag}\n\n${answer.trimStart()}`;
}

/** A turn as others read it. */
export function readReply(
  turn: { readonly reply: string; readonly thoughts?: string },
  readThoughts = false,
): string {
  const { reply, thoughts } = withThoughtsApart(turn);
  return readThoughts && thoughts ? `${thoughts.trim()}\n\n${reply.trimStart()}` : reply;
}

/** The turn with its thoughts apart, where they stand in the reply: turns of older versions and of other programs. */
export function withThoughtsApart<T extends { readonly reply: string; readonly thoughts?: string }>(
  turn: T,
): T {
  if (turn.thoughts !== undefined) return turn;
  const { thoughts, answer } = splitThoughts(turn.reply);
  return thoughts === null ? turn : { ...turn, reply: answer, thoughts };
}
