/**
 * From rows of text to token ids with a response mask, and from several of those to one packed row buffer: documents
 * lie one after another, positions restart, and attention never crosses from one document into another.
 */
import * as v from 'valibot';
import { ConfigError, ImportError } from '../core/errors';
import { parseJson } from '../core/json';
import type { Message } from '../records/records';
import { closingTag, opensThoughts, splitThoughts } from '../records/thoughts';
import type { Tokenizer } from '../lm/types';

const message = v.object({ role: v.picklist(['system', 'user', 'assistant']), content: v.string() });
const weight = v.exactOptional(v.pipe(v.number(), v.finite(), v.gtValue(0)));
const rowSchema = v.union([
  v.object({ messages: v.pipe(v.array(message), v.minLength(1)), weight }),
  v.object({ prompt: v.string(), completion: v.string(), weight }),
  // As TRL has conversations.
  v.pipe(
    v.object({ prompt: v.array(message), completion: v.pipe(v.array(message), v.minLength(1)), weight }),
    v.transform(({ prompt, completion, ...rest }) => ({ messages: [...prompt, ...completion], ...rest })),
  ),
]);

/** One training row. The loss is on the last assistant turn, or on the completion; `weight` as an Example has it. */
export type TrainRow = (
  { readonly messages: readonly Message[] } | { readonly prompt: string; readonly completion: string }
) & { readonly weight?: number };

/** One tokenised document: ids [n]; ids[responseStart..n) are the targets. 1 <= responseStart < n. */
export interface Example {
  readonly ids: readonly number[];
  readonly responseStart: number;
  /** Of each of its targets in the loss, which is the weighted mean over all targets; absent = 1. */
  readonly weight?: number;
}

export interface TokenisedRows {
  readonly examples: readonly Example[];
  /** Rows cut at the maximum length, but with some of the response left. */
  readonly truncated: number;
  /** Rows of which no response token was left within the maximum length. */
  readonly dropped: number;
}

/** Documents packed along the rows; row t predicts the token after ids[t]. All arrays are as long as they are used. */
export interface PackedBatch {
  readonly rows: number;
  /** Token ids, u32 [rows]. */
  readonly ids: Uint32Array;
  /** Position of each row in its own document, u32 [rows]. */
  readonly positions: Uint32Array;
  /** (start, end exclusive) of each row's document, u32 [rows, 2]. */
  readonly documents: Uint32Array;
  /** Rows that carry a loss, ascending, u32 [targets]. */
  readonly targetRows: Uint32Array;
  /** The token each of them must predict, u32 [targets]. */
  readonly targets: Uint32Array;
  /** Index into targetRows of each document's first target, and at the end the number of targets. */
  readonly targetStarts: Uint32Array;
}

/** Lines of JSON as rows. Throws ImportError naming the first bad line. */
export function parseRows(jsonl: string): TrainRow[] {
  const rows: TrainRow[] = [];
  // A byte order mark, as some editors write it, is no part of the first row.
  jsonl
    .replace(/^\uFEFF/, '')
    .split('\n')
    .forEach((line, index) => {
      if (line.trim() === '') return;
      const where = `Line ${index + 1} of the training data`;
      let value: unknown;
      try {
        value = parseJson(line);
      } catch (cause) {
        throw new ImportError(`${where} is not JSON.`, 'Write one JSON object a line.', { cause });
      }
      const parsed = v.safeParse(rowSchema, value);
      if (!parsed.success)
        throw new ImportError(
          `${where} has neither messages nor a prompt with its completion, or a weight that is not above 0.`,
          'Give each line "messages" (a list with "role" and "content"), or "prompt" and "completion"; "weight" may be left out.',
        );
      rows.push(parsed.output);
    });
  return rows;
}

const startsWith = (ids: readonly number[], prefix: readonly number[]): boolean =>
  prefix.length < ids.length && prefix.every((id, index) => ids[index] === id);

/**
 * Ends a response with the token that generation stops at: cuts what a template writes after the last one (SmolLM2: a
 * line break), or adds one where there is none, because a model not trained to end its replies never ends them.
 */
function ended(
  ids: readonly number[],
  responseStart: number,
  tokenizer: Tokenizer,
  end: number | null | undefined,
): readonly number[] {
  for (let length = ids.length; length > responseStart; length--) {
    if (tokenizer.eosIds.includes(ids[length - 1] ?? -1)) return ids.slice(0, length);
  }
  const eos = end ?? tokenizer.eosId ?? tokenizer.eosIds[0];
  return eos === undefined ? ids : [...ids, eos];
}

/** What a model is to write after a prompt: where that begins thoughts, they are closed before the answer. */
function afterPrompt(prompt: string, reply: string): string {
  if (!opensThoughts(prompt)) return reply;
  const { thoughts, answer } = splitThoughts(reply);
  const rest = `${closingTag}\n\n${answer.trimStart()}`;
  const line = prompt.endsWith('\n') ? '' : '\n';
  return `${line}${thoughts === null || thoughts === '' ? '' : thoughts}\n${rest}`;
}

function exampleOfMessages(tokenizer: Tokenizer, messages: readonly Message[]): Example {
  const last = messages.findLastIndex(({ role }) => role === 'assistant');
  const reply = messages[last];
  if (reply === undefined || last === 0)
    throw new ImportError(
      `A row of ${messages.length} messages has no assistant turn after a prompt.`,
      'The last assistant turn is the target; put a user turn before it.',
    );
  const encode = (text: string): number[] => tokenizer.encode(text, { addSpecial: false });
  const prompted = tokenizer.chatText(messages.slice(0, last), { addGenerationPrompt: true });
  const finished = tokenizer.chatText(messages.slice(0, last + 1), { addGenerationPrompt: false });
  const prompt = encode(prompted);
  const whole = encode(finished);
  const { thoughts } = splitThoughts(reply.content);
  // Templates leave thoughts out of finished replies: here they are targets.
  if (startsWith(whole, prompt) && finished.includes(thoughts ?? ''))
    return { ids: ended(whole, prompt.length, tokenizer, tokenizer.turnEnd), responseStart: prompt.length };
  // The template renders a finished turn unlike its own generation prompt: what is generated follows the latter.
  const ids = [...prompt, ...encode(afterPrompt(prompted, reply.content))];
  return { ids: ended(ids, ids.length, tokenizer, tokenizer.turnEnd), responseStart: prompt.length };
}

function exampleOfTexts(tokenizer: Tokenizer, prompt: string, completion: string): Example {
  // Without what the tokenizer adds after a text: an end token would otherwise stand in the middle of the row.
  const encode = (text: string) => tokenizer.promptIds?.(text) ?? tokenizer.encode(text);
  const promptIds = encode(prompt);
  const joined = encode(prompt + completion);
  const ids = startsWith(joined, promptIds)
    ? joined
    : [...promptIds, ...tokenizer.encode(completion, { addSpecial: false })];
  const closed = tokenizer.eosIds.includes(ids.at(-1) ?? -1);
  return { ids: closed ? ids : ended(ids, ids.length, tokenizer, null), responseStart: promptIds.length };
}

/** One row as ids with its response mask, uncut. Throws ImportError for a row without a response or a prompt. */
export function tokeniseRow(tokenizer: Tokenizer, row: TrainRow): Example {
  const example =
    'messages' in row
      ? exampleOfMessages(tokenizer, row.messages)
      : exampleOfTexts(tokenizer, row.prompt, row.completion);
  if (example.responseStart < 1)
    throw new ImportError(
      'A row has an empty prompt.',
      'The first target needs at least one token before it.',
    );
  return row.weight === undefined ? example : { ...example, weight: row.weight };
}

/** All rows, each cut to `maxLength` tokens; rows without a target left are dropped. Both are counted. */
export function tokeniseRows(
  tokenizer: Tokenizer,
  rows: readonly TrainRow[],
  maxLength: number,
): TokenisedRows {
  if (!Number.isInteger(maxLength) || maxLength < 2)
    throw new ConfigError(`Maximum length ${maxLength} is not an integer above 1.`, 'Usual is 256 to 2048.');
  const examples: Example[] = [];
  let truncated = 0;
  let dropped = 0;
  for (const row of rows) {
    const example = tokeniseRow(tokenizer, row);
    if (Math.min(example.ids.length, maxLength) <= example.responseStart) dropped++;
    else if (example.ids.length <= maxLength) examples.push(example);
    else {
      truncated++;
      examples.push({ ...example, ids: example.ids.slice(0, maxLength) });
    }
  }
  return { examples, truncated, dropped };
}

/** Rows that an example takes: its last token is only predicted, never read. */
export const exampleRows = (example: Example): number => example.ids.length - 1;
/** Targets of an example. */
export const exampleTargets = (example: Example): number => example.ids.length - example.responseStart;

/** A document's rows, and those of them that carry a loss. */
export interface DocumentRows {
  /** The token that each row reads. */
  readonly ids: readonly number[];
  /** Rows with a loss, ascending. */
  readonly places: readonly number[];
  /** The token that each of them must predict; 0 where a loss of another kind uses none. */
  readonly targets?: readonly number[];
}

/** What a loss over the examples' targets is divided by: the sum of their weights, their count where all weigh 1. */
export function totalWeight(examples: readonly Example[]): number {
  return examples.reduce((sum, example) => sum + (example.weight ?? 1) * exampleTargets(example), 0);
}

/** Weight of each target of packed examples, in their order, divided by `total`. */
export function targetWeights(examples: readonly Example[], total: number): Float32Array {
  const weights = new Float32Array(examples.reduce((sum, example) => sum + exampleTargets(example), 0));
  let at = 0;
  for (const example of examples)
    weights.fill((example.weight ?? 1) / total, at, (at += exampleTargets(example)));
  return weights;
}

/** `sum` and the targets' losses, from `start` in the order of packed examples, each times its weight. */
export function weightedSum(
  sum: number,
  examples: readonly Example[],
  losses: ArrayLike<number>,
  start = 0,
): number {
  let at = start;
  for (const example of examples) {
    const { weight = 1 } = example;
    for (const end = at + exampleTargets(example); at < end; at++) sum += weight * (losses[at] ?? 0);
  }
  return sum;
}

/** Packs documents in the given order. */
export function packRows(documents: readonly DocumentRows[]): PackedBatch {
  const rows = documents.reduce((sum, { ids }) => sum + ids.length, 0);
  const count = documents.reduce((sum, { places }) => sum + places.length, 0);
  const batch = {
    rows,
    ids: new Uint32Array(rows),
    positions: new Uint32Array(rows),
    documents: new Uint32Array(2 * rows),
    targetRows: new Uint32Array(count),
    targets: new Uint32Array(count),
    targetStarts: new Uint32Array(documents.length + 1),
  };
  let start = 0;
  let target = 0;
  documents.forEach(({ ids, places, targets = [] }, document) => {
    batch.ids.set(ids, start);
    batch.targets.set(targets, target);
    batch.targetStarts[document] = target;
    for (const place of places) batch.targetRows[target++] = start + place;
    const end = start + ids.length;
    for (let row = start; row < end; row++) {
      batch.positions[row] = row - start;
      batch.documents[2 * row] = start;
      batch.documents[2 * row + 1] = end;
    }
    start = end;
  });
  batch.targetStarts[documents.length] = target;
  return batch;
}

/** Packs examples for next-token prediction: the loss rows are those before each response token. */
export const packExamples = (examples: readonly Example[]): PackedBatch =>
  packRows(
    examples.map((example) => ({
      ids: example.ids.slice(0, -1),
      places: Array.from({ length: exampleTargets(example) }, (_, i) => example.responseStart - 1 + i),
      targets: example.ids.slice(example.responseStart),
    })),
  );
