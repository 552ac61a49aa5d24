/** Files that leave and enter a run: timings.jsonl, the archive, and reading of trajectories.jsonl (records/trajectories.ts writes it). */
import { Gunzip, gzipSync, strFromU8, strToU8 } from 'fflate';
import * as v from 'valibot';
import { ImportError } from '../core/errors';
import { byteLimit } from '../core/gunzip';
import { DepthError, mostDepth, parseJson } from '../core/json';
import { isEvaluation } from './evalProtocol';
import type { RunArchive } from './runRecords';
import { issueOf, turnSchema } from './recordSchemas';
import type { Turn, TurnTiming } from './records';
import { parseArchive } from './archiveSchema';

/** The clock values of the same turns in the same order. */
export function timingsJsonl(timings: readonly TurnTiming[]): string {
  return [...timings]
    .filter(({ protocol }) => !isEvaluation(protocol))
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

/** Reads trajectories.jsonl. Throws ImportError that names the first bad line. */
export function parseTrajectories(text: string, name: string): Turn[] {
  return text
    .split('\n')
    .map((line, index) => ({ line, number: index + 1 }))
    .filter(({ line }) => line.trim() !== '')
    .map(({ line, number }) => {
      let value: unknown;
      try {
        value = parseJson(line);
      } catch (cause) {
        throw new ImportError(`${name} line ${number} is not JSON.`, 'Use an unchanged trajectories.jsonl.', {
          cause,
        });
      }
      const result = v.safeParse(turnSchema, value);
      if (!result.success) {
        throw new ImportError(
          `${name} line ${number} is no turn of a debate: ${issueOf(result.issues)}.`,
          'Use an unchanged trajectories.jsonl.',
        );
      }
      return result.output;
    });
}

/** gzip of the archive's JSON (no time stamp inside). */
export function packArchive(archive: RunArchive): Uint8Array {
  return gzipSync(strToU8(JSON.stringify(archive)), { level: 9, mtime: 0 });
}

/** Gzip or plain JSON. Throws ImportError, also for what would fill memory (core/gunzip.ts). */
export function unpackArchive(bytes: Uint8Array): RunArchive {
  let json: unknown;
  try {
    const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? inflate(bytes) : bytes;
    byteLimit(plain.byteLength).add(plain.byteLength);
    json = parseJson(strFromU8(plain));
  } catch (cause) {
    if (cause instanceof ImportError) throw cause;
    if (cause instanceof DepthError) throw tooDeep(cause);
    throw new ImportError(
      `This file of ${bytes.byteLength} bytes is neither gzip nor JSON, or it is damaged.`,
      'Pick a .arklet.json.gz file that Arklet exported.',
      { cause },
    );
  }
  return parseArchive(json);
}

/** An archive whose lists are in each other without end. */
export function tooDeep(cause: DepthError): ImportError {
  return new ImportError(
    `This file nests lists more than ${mostDepth} deep.`,
    'Pick a .arklet.json.gz file that Arklet exported.',
    { cause },
  );
}

/** A piece at a time, so that the limit is met before the memory is taken. */
function inflate(bytes: Uint8Array): Uint8Array {
  const limit = byteLimit(bytes.byteLength);
  const pieces: Uint8Array[] = [];
  let ended = false;
  const stream = new Gunzip((piece, last) => {
    limit.add(piece.byteLength);
    pieces.push(piece);
    ended = last;
  });
  const step = 1 << 16;
  for (let at = 0; at < bytes.byteLength; at += step)
    stream.push(bytes.subarray(at, at + step), at + step >= bytes.byteLength);
  if (!ended) throw new RangeError('the gzip data end too early');
  const size = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}
