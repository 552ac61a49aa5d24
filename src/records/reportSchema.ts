/** The shape of a report that comes from outside or from an older version: what the page and report.md can show. */
import * as v from 'valibot';
import { ImportError } from '../core/errors';
import { isSetName } from '../settings/evalSets';
import { overlapSchema } from './overlap';
import type { PadReport } from './padRecords';
import {
  auditSchema,
  correctionParts,
  count,
  droppedSchema,
  finite,
  fraction,
  issueOf,
  labelKind,
  rowsCutSchema,
  trainLogSchema,
  uniqueBy,
} from './recordSchemas';
import type { DataDiagnosis, Report } from './records';
import { storedConfig } from '../settings/config';

const text = v.string();
const positive = v.pipe(finite, v.minValue(0));
const interval = v.tuple([finite, finite]);
const nullableNumber = v.nullable(finite);

const arm = v.object({
  name: v.pipe(text, v.minLength(1)),
  n: count,
  correct: count,
  accuracy: finite,
  ci: interval,
  strict: v.object({ correct: count, accuracy: finite }),
  flexible: v.exactOptional(v.object({ correct: count, accuracy: finite })),
  tokensPerQuestion: positive,
  thoughtTokensPerQuestion: v.exactOptional(positive),
  promptTokensPerQuestion: positive,
  secondsPerQuestion: positive,
  ties: v.exactOptional(v.object({ questions: count, share: finite })),
  budget: v.exactOptional(v.object({ wanted: positive, reached: positive, samples: positive })),
});
const arms = uniqueBy(arm, ({ name }) => name);
const pairs = uniqueBy(
  v.object({
    a: text,
    b: text,
    difference: finite,
    ci: interval,
    mcnemarP: finite,
    adjusted: v.exactOptional(finite),
    aOnly: count,
    bOnly: count,
    detectable: finite,
  }),
  ({ a, b }) => JSON.stringify([a, b]),
);
const compared = v.object({ arms, pairs });
const counts = v.object({ kept: count, dropped: droppedSchema });
const datasetCounts = v.object({
  ...counts.entries,
  audit: v.exactOptional(auditSchema),
  rows: v.exactOptional(rowsCutSchema),
  parts: v.exactOptional(correctionParts),
});
const data = v.object({
  labels: labelKind,
  coverageAtK: v.array(fraction),
  coverage: v.nullable(fraction),
  labelPrecision: v.nullable(fraction),
  labelCoverage: fraction,
  wrongStepShare: v.nullable(fraction),
  meanAgreement: v.nullable(fraction),
  ties: fraction,
}) satisfies v.GenericSchema<unknown, DataDiagnosis>;

const baselines = v.object({
  position: nullableNumber,
  operator: nullableNumber,
  answerOnly: nullableNumber,
});
const trace = v.object({
  questionId: text,
  by: text,
  reply: text,
  answer: v.nullable(text),
  correct: v.boolean(),
  steps: v.array(
    v.object({ text, start: count, end: count, good: finite, label: v.exactOptional(nullableNumber) }),
  ),
});
const change = v.object({ from: finite, to: finite });
const rewardModel = v.object({
  seed: count,
  auc: nullableNumber,
  n: count,
  traceAuc: nullableNumber,
  brier: finite,
  calibration: uniqueBy(
    v.object({ lo: finite, hi: finite, n: count, predicted: nullableNumber, observed: nullableNumber }),
    ({ lo }) => lo,
  ),
  bestOfN: v.nullable(
    v.object({
      n: count,
      questions: count,
      rewardModel: finite,
      vote: finite,
      oracle: finite,
      single: finite,
    }),
  ),
  baselines,
  byAgent: uniqueBy(
    v.object({
      agent: text,
      trained: v.boolean(),
      auc: nullableNumber,
      n: count,
      baselines: v.exactOptional(baselines),
    }),
    ({ agent }) => agent,
  ),
  labels: v.object({
    kind: v.picklist(['exact', 'monte-carlo']),
    judged: count,
    skipped: count,
    afterError: v.exactOptional(v.picklist(['own', 'bad'])),
    good: v.exactOptional(count),
    bad: v.exactOptional(count),
    soft: v.exactOptional(count),
    continuationTokens: v.exactOptional(count),
    ownSampleTokens: v.exactOptional(count),
  }),
});
const padRun = v.object({
  strategy: text,
  seed: count,
  reward: v.picklist(['both', 'verifiable', 'process']),
  samples: count,
  generatedTokens: count,
  evaluations: uniqueBy(
    v.object({
      step: count,
      accuracy: finite,
      n: count,
      generatedTokens: count,
      lost: v.exactOptional(count),
      gained: v.exactOptional(count),
    }),
    ({ step }) => step,
  ),
  stopped: v.nullable(
    v.object({
      step: count,
      reward: change,
      accuracy: change,
      length: v.exactOptional(change),
      repetition: v.exactOptional(change),
      samples: v.array(v.object({ ...trace.entries, reward: finite, gold: text })),
    }),
  ),
  lr: v.exactOptional(finite),
  sweep: v.exactOptional(
    v.nullable(
      v.object({
        updates: count,
        n: count,
        rates: uniqueBy(v.object({ lr: finite, accuracy: finite }), ({ lr }) => lr),
      }),
    ),
  ),
  trend: v.exactOptional(v.nullable(v.object({ ...change.entries, ci: interval }))),
  questions: v.exactOptional(v.object({ practised: count, learnt: count })),
});
const pad = v.object({
  rewardModel: v.nullable(rewardModel),
  rewardModels: uniqueBy(rewardModel, ({ seed }) => seed),
  log: trainLogSchema,
  runs: uniqueBy(padRun, ({ strategy, seed }) => `${strategy}|${seed}`),
  traces: v.array(trace),
}) satisfies v.GenericSchema<unknown, PadReport>;

const shareOf = v.object({ n: count, share: nullableNumber, ci: v.nullable(interval) });

const verdict = v.object({
  answer: v.nullable(text),
  correct: v.boolean(),
  strictCorrect: v.exactOptional(v.boolean()),
  flexibleCorrect: v.exactOptional(v.boolean()),
  tokens: positive,
});

export const primarySchema = v.object({ a: text, b: text, hash: v.pipe(text, v.regex(/^[0-9a-f]{64}$/)) });

/** Settings are checked by who knows them; here they are an object. */
export const reportSchema = v.object({
  config: v.record(text, v.unknown()),
  seed: count,
  environment: v.object({ arklet: text, device: text, backend: text, userAgent: text, threads: count }),
  agents: v.exactOptional(
    uniqueBy(
      v.object({
        agent: count,
        model: text,
        backend: text,
        persona: v.nullable(text),
        system: v.nullable(text),
        temperature: finite,
        topP: finite,
        seed: finite,
      }),
      ({ agent }) => agent,
    ),
  ),
  hosts: v.exactOptional(v.array(text)),
  commits: v.exactOptional(v.record(text, text)),
  repeatable: v.picklist(['bytes', 'forms', 'settings']),
  splits: v.record(text, count),
  dataset: counts,
  datasets: v.record(text, datasetCounts),
  data: v.exactOptional(data),
  arms,
  pairs,
  gainKept: v.nullable(v.object({ strategy: text, ensemble: text, value: finite, ci: interval })),
  primary: v.exactOptional(primarySchema),
  chosen: v.exactOptional(
    v.object({
      strategy: text,
      by: v.picklist(['only', 'validation', 'test']),
      validation: uniqueBy(v.object({ name: text, n: count, correct: count }), ({ name }) => name),
    }),
  ),
  agentBy: v.exactOptional(v.picklist(['validation', 'first'])),
  items: uniqueBy(
    v.object({ id: text, question: text, answer: text, verdicts: v.record(text, verdict) }),
    ({ id }) => id,
  ),
  trainQuestions: uniqueBy(v.object({ id: text, question: text }), ({ id }) => id),
  ood: v.nullable(compared),
  robust: v.nullable(compared),
  evalSets: v.exactOptional(
    uniqueBy(
      v.object({
        name: v.pipe(text, v.check(isSetName, 'no name of an evaluation set')),
        file: v.nullable(text),
        answerTypes: v.array(v.picklist(['number', 'choice', 'text'])),
        ...compared.entries,
      }),
      ({ name }) => name,
    ),
  ),
  overlap: v.exactOptional(overlapSchema),
  selfCorrection: uniqueBy(
    v.object({
      arm: text,
      temperature: v.exactOptional(positive),
      n: count,
      before: count,
      after: count,
      wrongToRight: count,
      rightToWrong: count,
      difference: v.exactOptional(finite),
      ci: v.exactOptional(interval),
      mcnemarP: v.exactOptional(finite),
      corrected: v.exactOptional(shareOf),
      spoilt: v.exactOptional(shareOf),
    }),
    ({ arm, temperature = 0 }) => `${arm}|${temperature}`,
  ),
  seeds: uniqueBy(v.object({ seed: count, ...compared.entries }), ({ seed }) => seed),
  pad: v.optional(v.nullable(pad), null),
  timings: v.record(text, positive),
});

/** A report as known keys with values of the right kind; its settings are moved to today's keys and not checked. Throws ImportError that names the first bad one. */
export function parseReport(input: unknown): Report {
  const result = v.safeParse(reportSchema, input);
  if (!result.success) {
    throw new ImportError(
      `This is not a report of Arklet: ${issueOf(result.issues)}`,
      'Use an unchanged report.json, or the file of a whole run.',
    );
  }
  return { ...result.output, config: storedConfig(result.output.config) };
}
