/** What is taken of a run's file: known keys alone, each of its shape, and settings that this version can work with. */
import * as v from 'valibot';
import { asArkletError, ImportError } from '../core/errors';
import { overlapSchema } from './overlap';
import type { RunArchive, RunRecord } from './runRecords';
import {
  datasetSchema,
  issueOf,
  logSchema,
  questionSchema,
  seedIndex,
  strategyName,
  time,
  timingSchema,
  turnSchema,
  uniqueBy,
} from './recordSchemas';
import { primarySchema, reportSchema } from './reportSchema';
import type { Report } from './records';
import type { RunConfig } from '../settings/config';
import { parseConfig } from '../settings/config';

/** Ids that a run is given here: its hash, and a number where that is taken. */
export const runId = /^[0-9a-f]{8}(-\d{1,9})?$/;

const errorData = v.object({ code: v.string(), message: v.string(), hint: v.string() });

/** `deletedAt` is no part of a file: what is imported is not in the trash. */
export const runSchema = v.object({
  id: v.pipe(v.string(), v.maxLength(200)),
  name: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(200)),
  note: v.optional(v.pipe(v.string(), v.maxLength(100_000)), ''),
  createdAt: time,
  status: v.picklist(['running', 'paused', 'interrupted', 'failed', 'done']),
  phase: v.picklist(['load', 'debate', 'distil', 'evaluate', 'report', 'done']),
  pinned: v.optional(v.boolean(), false),
  error: v.optional(v.nullable(errorData), null),
  config: v.record(v.string(), v.unknown()),
  overlap: v.exactOptional(overlapSchema),
  primary: v.exactOptional(primarySchema),
});

const archiveSchema = v.object({
  format: v.literal('arklet-run'),
  version: v.picklist([1, 2]),
  run: runSchema,
  questions: uniqueBy(questionSchema, ({ id }) => id),
  turns: v.array(turnSchema),
  timings: v.array(timingSchema),
  datasets: uniqueBy(datasetSchema, ({ strategy }) => strategy),
  logs: uniqueBy(logSchema, ({ strategy, seed }) => `${strategy}|${seed}`),
  report: v.nullable(reportSchema),
  adapters: v.exactOptional(
    uniqueBy(
      v.object({
        strategy: strategyName,
        seed: seedIndex,
        files: v.record(
          v.pipe(v.string(), v.regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}$/)),
          v.pipe(v.string(), v.base64()),
        ),
      }),
      ({ strategy, seed }) => `${strategy}|${seed}`,
    ),
  ),
});

function refused(reason: string, cause?: unknown): ImportError {
  return new ImportError(
    `This is not a run of Arklet: ${reason.replace(/\.$/, '')}.`,
    'Pick a .arklet.json.gz file that Arklet exported (version 1 or 2).',
    { cause },
  );
}

/** Settings of a run, completed where they are of an older version. Throws ImportError that names their place. */
export function configAt(place: string, input: unknown): RunConfig {
  try {
    return parseConfig(input);
  } catch (thrown) {
    throw refused(`${place}: ${asArkletError(thrown).message}`, thrown);
  }
}

/** The report keeps the settings that it has: a version that lacked one did not say it. */
function reportOf(report: NonNullable<v.InferOutput<typeof archiveSchema>['report']>): Report {
  return { ...report, config: configAt('report.config', report.config) };
}

/** A debate's turns are at places that its settings have: views have a column for each. */
function checkPlaces({ turns }: Pick<RunArchive, 'turns'>, { nAgents, rounds }: RunConfig): void {
  const outside = turns.findIndex(
    (turn) => turn.protocol === 'debate' && (turn.agent >= nAgents || turn.round > rounds),
  );
  if (outside >= 0)
    throw refused(`turns.${outside}: the settings have ${nAgents} agents and ${rounds} rounds.`);
}

/** Checks an archive that comes from outside. Throws ImportError. */
export function parseArchive(input: unknown): RunArchive {
  const result = v.safeParse(archiveSchema, input);
  if (!result.success) throw refused(issueOf(result.issues));
  const { run: found, report, adapters, ...rest } = result.output;
  const config = configAt('run.config', found.config);
  checkPlaces(rest, config);
  const run: RunRecord = { ...found, config };
  return {
    ...rest,
    run,
    report: report && reportOf(report),
    ...(adapters && { adapters }),
  };
}
