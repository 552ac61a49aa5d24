/** Steps of a reply and the tokens that end them: one splitter for labels, for training and for use. */
import { equationSpans, splitSteps } from '../../tasks/stepChecker';
import { TextStream } from '../../lm/tokenizer';
import type { Tokenizer } from '../../lm/types';

/** line: at line breaks; sentence: also at sentence ends; equation: after each result, the rest being one step more. */
export const splitters = ['sentence', 'line', 'equation'] as const;
export type Splitter = (typeof splitters)[number];

export interface TextStep {
  readonly text: string;
  /** Character span [start, end) in the reply. */
  readonly start: number;
  readonly end: number;
}

export interface TokenStep extends TextStep {
  /** Index in the reply's ids of the step's last token. */
  readonly token: number;
  /** Tokens since the step before, its own last token included. */
  readonly tokens: number;
}

function trimmed(reply: string, from: number, to: number): TextStep | null {
  const raw = reply.slice(from, to);
  const text = raw.trim();
  if (text === '') return null;
  const start = from + raw.indexOf(text);
  return { text, start, end: start + text.length };
}

/** Steps of a reply in their order; none is empty. */
export function splitReply(reply: string, splitter: Splitter): TextStep[] {
  switch (splitter) {
    case 'sentence':
      return splitSteps(reply);
    case 'line': {
      const lines = [...reply.matchAll(/[^\n]+/g)];
      return lines.flatMap(({ index, 0: line }) => trimmed(reply, index, index + line.length) ?? []);
    }
    case 'equation': {
      const ends = equationSpans(reply).map(({ end }) => end);
      const cuts = [0, ...ends, reply.length];
      return cuts.slice(1).flatMap((end, i) => {
        // A stop right after a result belongs to it, and is no step of its own.
        const step = trimmed(reply, cuts[i] ?? 0, end);
        return step && /[\p{L}\p{N}]/u.test(step.text) ? step : [];
      });
    }
    default:
      return splitter satisfies never;
  }
}

/** Characters that are no white space. */
function solid(text: string): number {
  return text.replace(/\s+/g, '').length;
}

/** How many solid characters of the reply are there after each token. */
function reachOfPieces(tokenizer: Tokenizer, ids: readonly number[]): number[] {
  const stream = new TextStream(tokenizer);
  let seen = 0;
  return ids.map((id, i) => {
    seen += solid(stream.push(id));
    if (i === ids.length - 1) seen += solid(stream.flush());
    return seen;
  });
}

/** The same where later tokens may change earlier text: counts the prefix that agrees with the whole reply. */
function reachOfPrefixes(tokenizer: Tokenizer, ids: readonly number[]): number[] {
  const whole = tokenizer.decode(ids, { skipSpecial: true }).replace(/\s+/g, '');
  return ids.map((_, i) => {
    const part = tokenizer.decode(ids.slice(0, i + 1), { skipSpecial: true }).replace(/\s+/g, '');
    let same = 0;
    while (same < part.length && part[same] === whole[same]) same++;
    return same;
  });
}

/**
 * The steps with the tokens that end them. Tokens and text are matched by their characters other than white space, so
 * that tokenizers whose decoding spaces words differently (word-level ones) work as well. Steps that end on the
 * same token are one token's steps: the later one owns no token and keeps its place.
 */
export function tokenSteps(
  tokenizer: Tokenizer,
  ids: readonly number[],
  reply: string,
  splitter: Splitter,
): TokenStep[] {
  const steps = splitReply(reply, splitter);
  if (steps.length === 0 || ids.length === 0) return [];
  const reach = tokenizer.settlesLate ? reachOfPrefixes(tokenizer, ids) : reachOfPieces(tokenizer, ids);
  let token = 0;
  let before = -1;
  return steps.map((step) => {
    const wanted = solid(reply.slice(0, step.end));
    while (token < ids.length - 1 && (reach[token] ?? 0) < wanted) token++;
    const tokens = token - before;
    before = token;
    return { ...step, token, tokens };
  });
}
