/** The tokens that end the steps of a reply. */
import { splitReply, type Splitter, type TextStep } from './textSteps';
import { TextStream } from '../../lm/tokenizer';
import type { Tokenizer } from '../../lm/types';

export interface TokenStep extends TextStep {
  /** Index in the reply's ids of the step's last token. */
  readonly token: number;
  /** Tokens since the step before, its own last token included. */
  readonly tokens: number;
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
