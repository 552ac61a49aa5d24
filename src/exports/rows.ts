/**
 * The rows of every format, as schemas: what is written is checked against them, and docs/exports.md names their fields. Fields that
 * the tool of a format does not ask for say where a row comes from; the tools leave them aside.
 */
import * as v from 'valibot';

const message = v.strictObject({
  role: v.picklist(['system', 'user', 'assistant']),
  content: v.string(),
});
const messages = v.pipe(v.array(message), v.minLength(1));
const reply = v.strictTuple([v.strictObject({ role: v.literal('assistant'), content: v.string() })]);
const answerType = v.picklist(['number', 'choice', 'text']);
const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** trl-sft. */
export const sftRow = v.strictObject({ prompt: messages, completion: reply, question_id: v.string() });

/** messages. `weight` is there where the traces of a question share its weight (DA). */
export const messagesRow = v.strictObject({
  messages,
  question_id: v.string(),
  weight: v.exactOptional(v.number()),
});

/** preference. */
export const preferenceRow = v.strictObject({
  prompt: messages,
  chosen: reply,
  rejected: reply,
  question_id: v.string(),
  writer: v.string(),
  chosen_round: whole,
  rejected_round: whole,
});

/** prm. */
export const stepwiseRow = v.pipe(
  v.strictObject({
    prompt: v.string(),
    completions: v.pipe(v.array(v.string()), v.minLength(1)),
    labels: v.array(v.boolean()),
    question_id: v.string(),
    writer: v.string(),
    round: whole,
  }),
  v.check((row) => row.completions.length === row.labels.length, 'a label for each step'),
);

/** grpo. `options` is there where the run asks for choices. */
export const promptRow = v.strictObject({
  prompt: messages,
  solution: v.string(),
  question: v.string(),
  answer: v.string(),
  type: answerType,
  options: v.exactOptional(v.array(v.string())),
  question_id: v.string(),
});

/** agentark. */
export const agentArkRow = v.strictObject({
  query: v.string(),
  gt: v.string(),
  solutions: v.array(v.strictObject({ id: whole, text: v.string(), is_correct: v.boolean() })),
  labels: v.array(v.boolean()),
});

const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

/** lm-eval. */
export const sampleRow = v.strictObject({
  doc_id: whole,
  doc: v.strictObject({ id: v.string(), question: v.string(), answer: v.string() }),
  target: v.string(),
  arguments: v.strictObject({
    gen_args_0: v.strictObject({
      arg_0: v.string(),
      arg_1: v.strictObject({
        until: v.array(v.string()),
        do_sample: v.boolean(),
        temperature: v.number(),
        max_gen_toks: whole,
      }),
    }),
  }),
  resps: v.strictTuple([v.strictTuple([v.string()])]),
  filtered_resps: v.strictTuple([v.string()]),
  filter: v.picklist(['strict-match', 'flexible-extract']),
  metrics: v.strictTuple([v.literal('exact_match')]),
  doc_hash: hash,
  prompt_hash: hash,
  target_hash: hash,
  exact_match: v.picklist([0, 1]),
});

export type SftRow = v.InferOutput<typeof sftRow>;
export type MessagesRow = v.InferOutput<typeof messagesRow>;
export type PreferenceRow = v.InferOutput<typeof preferenceRow>;
export type StepwiseRow = v.InferOutput<typeof stepwiseRow>;
export type PromptRow = v.InferOutput<typeof promptRow>;
export type AgentArkRow = v.InferOutput<typeof agentArkRow>;
export type SampleRow = v.InferOutput<typeof sampleRow>;
