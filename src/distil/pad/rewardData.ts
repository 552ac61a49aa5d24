/** Traces as token rows with one loss row at each step's last token. */
import type { Message } from '../../records/records';
import type { Tokenizer } from '../../lm/types';
import { tokeniseRow } from '../../train/batch';
import type { StepLabel } from './labels';
import { tokenSteps, type TokenStep } from './steps';
import type { Splitter } from './textSteps';

/** A recorded trace with a label for each of its steps, in the splitter's order. */
export interface LabelledTrace {
  readonly questionId: string;
  readonly agent: string;
  /** What the student is asked: the question alone. */
  readonly messages: readonly Message[];
  readonly reply: string;
  readonly correct: boolean;
  /** Parsed answer, null when unparsable. */
  readonly answer: string | null;
  readonly labels: readonly StepLabel[];
}

/** A prompt with a reply, and where its steps end. */
export interface StepDocument {
  readonly ids: readonly number[];
  /** Places in `ids` that end a step, ascending and distinct. */
  readonly places: readonly number[];
  readonly steps: readonly TokenStep[];
  /** Index into `places` of each step. */
  readonly placeOf: readonly number[];
}

/** From a prompt's and a reply's own ids; steps past `maxLength` are left out. */
export function stepDocument(
  tokenizer: Tokenizer,
  item: {
    readonly promptIds: readonly number[];
    readonly replyIds: readonly number[];
    readonly reply: string;
  },
  splitter: Splitter,
  maxLength: number,
): StepDocument {
  const { promptIds, replyIds, reply } = item;
  const steps = tokenSteps(tokenizer, replyIds, reply, splitter).filter(
    ({ token }) => promptIds.length + token < maxLength,
  );
  const places = [...new Set(steps.map(({ token }) => promptIds.length + token))];
  return {
    ids: [...promptIds, ...replyIds].slice(0, (places.at(-1) ?? 0) + 1),
    places,
    steps,
    placeOf: steps.map(({ token }) => places.indexOf(promptIds.length + token)),
  };
}

/** From text: tokenised as the student's own turn. Throws ImportError, ModelError. */
export function documentOfText(
  tokenizer: Tokenizer,
  trace: { readonly messages: readonly Message[]; readonly reply: string },
  splitter: Splitter,
  maxLength: number,
): StepDocument {
  const { messages, reply } = trace;
  const example = tokeniseRow(tokenizer, { messages: [...messages, { role: 'assistant', content: reply }] });
  const promptIds = example.ids.slice(0, example.responseStart);
  const replyIds = example.ids.slice(example.responseStart);
  return stepDocument(tokenizer, { promptIds, replyIds, reply }, splitter, maxLength);
}

/** Documents in their order, split so that no part has more than `rows` rows (a longer one stands alone). */
export function* inPasses<T>(
  documents: readonly T[],
  rows: number,
  rowsOf: (document: T) => number,
): Generator<T[]> {
  let part: T[] = [];
  let held = 0;
  for (const document of documents) {
    const own = rowsOf(document);
    if (part.length > 0 && held + own > rows) {
      yield part;
      part = [];
      held = 0;
    }
    part.push(document);
    held += own;
  }
  if (part.length > 0) yield part;
}
