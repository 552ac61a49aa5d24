/** A whole run as one file: gzip of a RunArchive, or its plain JSON. */
import * as v from 'valibot';
import { ImportError } from '../core/errors';
import { byteLimit, gunzipText } from '../core/gunzip';
import { DepthError, mostDepth, parseJson } from '../core/json';
import { withFacts } from '../debate/readPrompt';
import { reportWithDropCounts, withDropCounts } from '../records/dropped';
import type { RunArchive } from '../records/runRecords';
import { storedConfig } from '../settings/config';
import { issueText } from '../core/issueText';
import { errorStrings as text } from './strings/errors';

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

function notArchive(name: string, reason: string, cause?: unknown): ImportError {
  return new ImportError(text.archiveFormat(name, reason), text.archiveHint, { cause });
}

/** Throws ImportError with the file's name and the reason when the bytes are no run archive. */
export async function readArchive(
  bytes: Uint8Array<ArrayBuffer>,
  name: string = text.thisFile,
): Promise<RunArchive> {
  const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  let json: unknown;
  try {
    if (!zipped) byteLimit(bytes.byteLength).add(bytes.byteLength);
    json = parseJson(zipped ? await gunzipText(bytes) : new TextDecoder().decode(bytes));
  } catch (cause) {
    if (cause instanceof ImportError) throw cause;
    if (cause instanceof DepthError) throw notArchive(name, text.archiveReasons.deep(mostDepth), cause);
    throw notArchive(name, zipped ? text.archiveReasons.damaged : text.archiveReasons.unknown, cause);
  }
  const result = v.safeParse(shape, json);
  if (!result.success) {
    const issue = result.issues[0];
    throw notArchive(name, issueText(v.getDotPath(issue), issue));
  }
  const archive = json as RunArchive;
  const { run, report } = archive;
  return {
    ...archive,
    run: { ...run, config: storedConfig(run.config) },
    report: report && { ...report, config: storedConfig(report.config) },
  };
}

/** Whether the first rows of a text file are questions: those belong elsewhere than runs. */
export async function isQuestionFile(file: Blob): Promise<boolean> {
  const head = (await file.slice(0, 20_000).text()).replace(/^\uFEFF/, '').trimStart();
  const [line = ''] = head.split(/\r?\n/);
  if (/^[[{]/.test(head)) return /"(?:question|problem)"\s*:/i.test(head) && !/"questionId"\s*:/.test(head);
  return /(?:^|[,;\t])"?(?:question|problem)"?(?:[,;\t]|$)/i.test(line);
}

export async function packArchive(archive: RunArchive): Promise<Blob> {
  const stream = new Blob([JSON.stringify(archive)]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Response(stream, { headers: { 'content-type': 'application/gzip' } }).blob();
}

/** The run that ships with the app, null where the build has none. */
export async function fetchRecorded(): Promise<RunArchive | null> {
  const response = await fetch(new URL('recorded/run.json.gz', document.baseURI));
  if (!response.ok || (response.headers.get('content-type') ?? '').includes('text/html')) return null;
  const archive = await readArchive(new Uint8Array(await response.arrayBuffer()), text.recordedName);
  const { config } = archive.run;
  return {
    ...archive,
    turns: withFacts(archive.turns, { ...config, agents: config.nAgents }),
    datasets: archive.datasets.map(withDropCounts),
    report: archive.report && reportWithDropCounts(archive.report),
  };
}
