/** A whole run as one file: gzip of a RunArchive, or its plain JSON. */
import * as v from 'valibot';
import { ImportError } from '../core/errors';
import { byteLimit, gunzipText, parseJson } from '../core/gunzip';
import type { RunArchive } from '../core/jobApi';
import { strings } from './strings';

const list = v.array(v.record(v.string(), v.unknown()));
const shape = v.object({
  format: v.literal('arklet-run'),
  version: v.picklist([1, 2]),
  run: v.looseObject({ id: v.string(), name: v.string(), config: v.record(v.string(), v.unknown()) }),
  questions: list,
  turns: list,
  timings: list,
  datasets: list,
  logs: list,
  report: v.nullable(v.record(v.string(), v.unknown())),
});

function notArchive(reason: string, cause?: unknown): ImportError {
  return new ImportError(strings.errors.archiveFormat(reason), strings.errors.archiveHint, { cause });
}

/** Throws ImportError with the reason when the bytes are no run archive. */
export async function readArchive(bytes: Uint8Array<ArrayBuffer>): Promise<RunArchive> {
  const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  let json: unknown;
  try {
    if (!zipped) byteLimit(bytes.byteLength).add(bytes.byteLength);
    json = parseJson(zipped ? await gunzipText(bytes) : new TextDecoder().decode(bytes));
  } catch (cause) {
    if (cause instanceof ImportError) throw cause;
    throw notArchive(zipped ? 'its gzip data or JSON is damaged' : 'it is neither gzip nor JSON', cause);
  }
  const result = v.safeParse(shape, json);
  if (!result.success) {
    const issue = result.issues[0];
    throw notArchive(`${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`);
  }
  return json as RunArchive;
}

export async function packArchive(archive: RunArchive): Promise<Blob> {
  const stream = new Blob([JSON.stringify(archive)]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Response(stream, { headers: { 'content-type': 'application/gzip' } }).blob();
}

/** The run that ships with the app, null where the build has none. */
export async function fetchRecorded(): Promise<RunArchive | null> {
  const response = await fetch(new URL('recorded/run.json.gz', document.baseURI));
  if (!response.ok || (response.headers.get('content-type') ?? '').includes('text/html')) return null;
  return readArchive(new Uint8Array(await response.arrayBuffer()));
}
