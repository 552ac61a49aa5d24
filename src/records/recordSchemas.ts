/**
 * Shapes of the records of a run that come from outside or from an older database: every number finite and bounded where it is
 * a size or a place, only known keys kept. The report's is reportSchema.ts.
 */
import * as v from 'valibot';
import { issueText } from '../core/issueText';
import { isSetName } from '../settings/evalSets';
import { dropCounts } from './dropped';
import type { StrategyLog } from './runRecords';
import type { Dataset, Question, TraceAudit, Turn, TurnTiming } from './records';

export const finite = v.pipe(v.number(), v.finite());
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** Clock values: what a Date can hold. */
export const time = v.pipe(finite, v.minValue(-8.64e15), v.maxValue(8.64e15));
const identity = v.pipe(v.string(), v.minLength(1), v.maxLength(500));

/** A list in which no two have the same key: the page shows them by it. */
export function uniqueBy<const Item extends v.GenericSchema>(
  item: Item,
  key: (one: v.InferOutput<Item>) => string | number,
) {
  return v.pipe(
    v.array(item),
    v.check(
      (list) => new Set(list.map((one) => key(one))).size === list.length,
      'two entries with the same name',
    ),
  );
}

const split = v.pipe(
  v.string(),
  v.check((name) => isSetName(name) || ['train', 'validation', 'test'].includes(name), 'no name of a split'),
);
const message = v.object({ role: v.picklist(['system', 'user', 'assistant']), content: v.string() });

/** Bounds of a debate as settings have them; samples for a vote may be 16 times as many as agents. */
const mostRounds = 10;
const mostAgents = 64;
const mostSamples = 16 * mostAgents;
const round = v.pipe(count, v.maxValue(mostRounds));
const agent = v.pipe(count, v.maxValue(mostSamples - 1));

export const turnSchema = v.pipe(
  v.object({
    runId: v.string(),
    questionId: identity,
    split,
    protocol: identity,
    round,
    agent,
    model: v.string(),
    backend: v.string(),
    style: v.exactOptional(v.picklist(['natural', 'compact'])),
    messages: v.array(message),
    shortened: v.exactOptional(count),
    read: v.exactOptional(uniqueBy(agent, (one) => one)),
    reply: v.string(),
    thoughts: v.exactOptional(v.string()),
    answer: v.nullable(v.string()),
    correct: v.boolean(),
    strictCorrect: v.boolean(),
    finishReason: v.picklist(['stop', 'length', 'aborted', 'error']),
    usage: v.object({ prompt: count, completion: count, thoughts: v.exactOptional(count) }),
    sampling: v.object({
      temperature: finite,
      topP: finite,
      topK: v.exactOptional(finite),
      minP: v.exactOptional(finite),
      seed: finite,
      maxTokens: finite,
      stop: v.exactOptional(v.array(v.string())),
      thinking: v.exactOptional(v.picklist(['auto', 'on'])),
      thinkingBudget: v.exactOptional(count),
    }),
    promptIds: v.exactOptional(v.array(count)),
    replyIds: v.exactOptional(v.array(count)),
    logprobs: v.exactOptional(v.array(finite)),
    logprobKind: v.nullable(v.picklist(['raw', 'tempered'])),
  }),
  v.forward(
    v.check(
      (turn) => turn.protocol !== 'debate' || turn.agent < mostAgents,
      `a debate has at most ${mostAgents} agents`,
    ),
    ['agent'],
  ),
) satisfies v.GenericSchema<unknown, Turn>;

export const timingSchema = v.object({
  questionId: identity,
  protocol: identity,
  round,
  agent,
  startedAt: time,
  seconds: v.pipe(finite, v.minValue(0)),
}) satisfies v.GenericSchema<unknown, TurnTiming>;

export const questionSchema = v.object({
  id: identity,
  split,
  text: v.string(),
  gold: v.string(),
  goldWritten: v.exactOptional(v.string()),
  answerType: v.picklist(['number', 'choice', 'text']),
  solution: v.exactOptional(v.string()),
  options: v.exactOptional(v.array(v.string())),
  origin: v.exactOptional(v.string()),
}) satisfies v.GenericSchema<unknown, Question>;

/** Names of strategies, controls and their stages: they become names of files. */
export const strategyName = v.pipe(v.string(), v.regex(/^[a-z0-9+-]{1,60}$/));
export const seedIndex = v.pipe(count, v.maxValue(1000));

/** Also of versions that had English names for what is now a code. */
export const droppedSchema = v.pipe(v.record(v.string(), count), v.transform(dropCounts));

const traceKinds = v.object({
  traces: count,
  checked: count,
  wrongStep: count,
  corrective: count,
  peerQuoting: count,
});
/** A share. */
export const fraction = v.pipe(finite, v.minValue(0), v.maxValue(1));
export const labelKind = v.picklist(['gold', 'consensus', 'none']);
export const auditSchema = v.object({
  labels: labelKind,
  questions: count,
  labelled: count,
  known: count,
  right: count,
  meanAgreement: v.nullable(fraction),
  ties: count,
  coverageAtK: v.array(fraction),
  coverage: v.nullable(fraction),
  accepted: traceKinds,
  kept: traceKinds,
}) satisfies v.GenericSchema<unknown, TraceAudit>;
export const rowsCutSchema = v.object({ cut: count, dropped: count });

/** Rows of self-correction by what they are. */
export const correctionParts = v.object({ corrected: count, confirmed: count, plain: count });

export const datasetSchema = v.object({
  strategy: v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
  traces: v.array(
    v.object({
      questionId: identity,
      messages: v.array(message),
      target: v.string(),
      source: v.array(v.object({ round, agent })),
      corrective: v.boolean(),
      weight: v.exactOptional(v.pipe(finite, v.gtValue(0), v.maxValue(1))),
    }),
  ),
  kept: count,
  dropped: droppedSchema,
  audit: v.exactOptional(auditSchema),
  parts: v.exactOptional(correctionParts),
}) satisfies v.GenericSchema<unknown, Dataset>;

/** One step of a log: numbers by name. JSON has null for what was not a number: such a value is left out. */
const measures = v.pipe(
  v.objectWithRest(
    {
      step: count,
      loss: finite,
      grad_norm: finite,
      learning_rate: finite,
      num_tokens: finite,
      epoch: finite,
      eval_loss: v.nullish(finite),
    },
    v.nullish(finite),
  ),
  v.transform(({ eval_loss, ...step }) => {
    const rest = Object.fromEntries(
      Object.entries({ ...step, eval_loss }).flatMap(([name, value]) =>
        typeof value === 'number' ? [[name, value] as const] : [],
      ),
    );
    const { loss, grad_norm, learning_rate, num_tokens, epoch } = step;
    return { ...rest, step: step.step, loss, grad_norm, learning_rate, num_tokens, epoch };
  }),
);

function rising<const Item extends v.GenericSchema<unknown, { readonly step: number }>>(item: Item) {
  return v.pipe(
    v.array(item),
    v.check(
      (list) => list.every(({ step }, i) => i === 0 || step > (list[i - 1]?.step ?? -1)),
      'steps that do not rise',
    ),
  );
}

export const trainLogSchema = rising(measures);

export const logSchema = v.object({
  strategy: strategyName,
  seed: seedIndex,
  steps: trainLogSchema,
  /** Hash of all that it was trained on. */
  inputs: v.exactOptional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
  rows: v.exactOptional(rowsCutSchema),
  probes: v.exactOptional(
    rising(
      v.object({
        step: count,
        answers: uniqueBy(
          v.object({
            questionId: identity,
            reply: v.string(),
            answer: v.nullable(v.string()),
            correct: v.boolean(),
          }),
          ({ questionId }) => questionId,
        ),
      }),
    ),
  ),
}) satisfies v.GenericSchema<unknown, StrategyLog>;

/** The first thing that is wrong, as "place: what". */
export function issueOf(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const [issue] = issues;
  return issueText(v.getDotPath(issue), issue);
}
