/** Files that leave and enter a run: timings.jsonl, the archive, and reading of trajectories.jsonl (core/trajectories.ts writes it). */
import { gunzipSync, gzipSync, strFromU8, strToU8 } from 'fflate';
import * as v from 'valibot';
import { ImportError } from '../core/errors';
import { issueText } from '../core/issueText';
import type { RunArchive } from '../core/jobApi';
import type { Turn, TurnTiming } from '../core/records';

/** The clock values of the same turns in the same order. */
export function timingsJsonl(timings: readonly TurnTiming[]): string {
  return [...timings]
    .filter(({ protocol }) => !protocol.startsWith('eval:'))
    .sort((a, b) => {
      if (a.questionId !== b.questionId) return a.questionId < b.questionId ? -1 : 1;
      if (a.protocol !== b.protocol) return a.protocol < b.protocol ? -1 : 1;
      return a.round - b.round || a.agent - b.agent;
    })
    .map(
      ({ questionId, protocol, round, agent, startedAt, seconds }) =>
        `${JSON.stringify({ questionId, protocol, round, agent, startedAt, seconds })}\n`,
    )
    .join('');
}

const turnSchema = v.looseObject({
  runId: v.string(),
  questionId: v.string(),
  split: v.picklist(['train', 'validation', 'test', 'ood', 'robust']),
  protocol: v.string(),
  round: v.pipe(v.number(), v.integer(), v.minValue(0)),
  agent: v.pipe(v.number(), v.integer(), v.minValue(0)),
  model: v.string(),
  backend: v.string(),
  messages: v.array(v.object({ role: v.picklist(['system', 'user', 'assistant']), content: v.string() })),
  shortened: v.optional(v.number()),
  reply: v.string(),
  answer: v.nullable(v.string()),
  correct: v.boolean(),
  strictCorrect: v.boolean(),
  finishReason: v.picklist(['stop', 'length', 'aborted', 'error']),
  usage: v.object({ prompt: v.number(), completion: v.number() }),
  sampling: v.looseObject({
    temperature: v.number(),
    topP: v.number(),
    seed: v.number(),
    maxTokens: v.number(),
  }),
  promptIds: v.optional(v.array(v.number())),
  replyIds: v.optional(v.array(v.number())),
  logprobs: v.optional(v.array(v.number())),
  logprobKind: v.nullable(v.picklist(['raw', 'tempered'])),
});

/** Reads trajectories.jsonl. Throws ImportError that names the first bad line. */
export function parseTrajectories(text: string, name: string): Turn[] {
  return text
    .split('\n')
    .map((line, index) => ({ line, number: index + 1 }))
    .filter(({ line }) => line.trim() !== '')
    .map(({ line, number }) => {
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch (cause) {
        throw new ImportError(`${name} line ${number} is not JSON.`, 'Use an unchanged trajectories.jsonl.', {
          cause,
        });
      }
      const result = v.safeParse(turnSchema, value);
      if (!result.success) {
        const issue = result.issues[0];
        throw new ImportError(
          `${name} line ${number} is no turn of a debate: ${issueText(v.getDotPath(issue), issue)}.`,
          'Use an unchanged trajectories.jsonl.',
        );
      }
      return result.output as unknown as Turn;
    });
}

const probeSchema = v.looseObject({
  step: v.number(),
  answers: v.array(
    v.looseObject({
      questionId: v.string(),
      reply: v.string(),
      answer: v.nullable(v.string()),
      correct: v.boolean(),
    }),
  ),
});

const archiveSchema = v.looseObject({
  format: v.literal('arklet-run'),
  version: v.picklist([1, 2]),
  run: v.looseObject({ id: v.string(), name: v.string(), createdAt: v.number(), config: v.looseObject({}) }),
  questions: v.array(v.looseObject({ id: v.string(), text: v.string(), gold: v.string() })),
  turns: v.array(turnSchema),
  timings: v.array(v.looseObject({ questionId: v.string(), seconds: v.number() })),
  datasets: v.array(v.looseObject({ strategy: v.string(), traces: v.array(v.unknown()) })),
  logs: v.array(
    v.looseObject({
      strategy: v.string(),
      seed: v.number(),
      steps: v.array(v.unknown()),
      probes: v.optional(v.array(probeSchema)),
    }),
  ),
  report: v.nullable(v.looseObject({ arms: v.array(v.unknown()) })),
  adapters: v.optional(
    v.array(
      v.object({
        strategy: v.pipe(v.string(), v.regex(/^[a-z0-9+-]+$/)),
        seed: v.pipe(v.number(), v.integer(), v.minValue(0)),
        files: v.record(
          v.pipe(v.string(), v.regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/)),
          v.pipe(v.string(), v.base64()),
        ),
      }),
    ),
  ),
});

/** Checks the shape of an archive that comes from outside. Throws ImportError. */
export function parseArchive(input: unknown): RunArchive {
  const result = v.safeParse(archiveSchema, input);
  if (!result.success) {
    const issue = result.issues[0];
    throw new ImportError(
      `This is not a run of Arklet: ${issueText(v.getDotPath(issue), issue)}.`,
      'Pick a .arklet.json.gz file that Arklet exported (version 1 or 2).',
    );
  }
  return result.output as unknown as RunArchive;
}

/** gzip of the archive's JSON (no time stamp inside). */
export function packArchive(archive: RunArchive): Uint8Array {
  return gzipSync(strToU8(JSON.stringify(archive)), { level: 9, mtime: 0 });
}

/** Throws ImportError. */
export function unpackArchive(bytes: Uint8Array): RunArchive {
  let json: unknown;
  try {
    const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
    json = JSON.parse(strFromU8(plain));
  } catch (cause) {
    throw new ImportError(
      `This file of ${bytes.byteLength} bytes is neither gzip nor JSON, or it is damaged.`,
      'Pick a .arklet.json.gz file that Arklet exported.',
      { cause },
    );
  }
  return parseArchive(json);
}
