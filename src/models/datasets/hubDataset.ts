/**
 * Questions of a dataset on the hub. The hub keeps each public dataset as Parquet too and lists those files itself, so that they are
 * asked for as models are: from the hub's own host with the token, or from a mirror without it. No other server is asked.
 */
import type { AsyncBuffer } from 'hyparquet';
import * as v from 'valibot';
import { ConfigError, DownloadError, FileFormatError } from '../../core/errors';
import { hubEndpoint, type HubAccess } from '../../specs/addresses';
import { parseDataset, writeDataset, type HubDataset } from '../../specs/dataset';
import { get, statusError } from '../hub';
import { parquetLines } from './parquetRows';

/** A config and a split of it, with the addresses of its files. */
export interface DatasetPart {
  readonly config: string;
  readonly split: string;
  readonly files: readonly string[];
}

export interface FetchedDataset {
  /** With config and split. */
  readonly name: string;
  /** One JSON object a row. */
  readonly bytes: Uint8Array;
  readonly rows: number;
  /** The split has further rows. */
  readonly more: boolean;
}

interface Asking {
  readonly hub: HubAccess;
  readonly signal?: AbortSignal;
  /** Rows that are read at most. */
  readonly most?: number;
  readonly onRows?: (rows: number) => void;
}

/** Enough for any training here: runs are drawn from them. */
export const mostRows = 20_000;
/** Files up to here come in one piece, and those whose server gives no parts. */
const onePiece = 4e6;
const mostWhole = 256e6;
/** How many names an error lists. */
const listed = 12;

const listing = v.record(v.string(), v.record(v.string(), v.array(v.pipe(v.string(), v.url()))));

/** What a dataset consists of. Throws AccessError, DownloadError, FileFormatError. */
export async function datasetParts(repo: string, { hub, signal }: Asking): Promise<readonly DatasetPart[]> {
  const url = `${hubEndpoint}/api/datasets/${repo}/parquet`;
  const response = await get(url, signal ? { signal } : {}, hub, `the dataset ${repo}`);
  if (response.status === 404) {
    throw new DownloadError(
      `The hub has no dataset ${repo}, or does not keep it as Parquet (404).`,
      'Check owner and name. Files of a dataset that is private, or that has none in Parquet, can be downloaded and picked.',
    );
  }
  if (!response.ok) throw statusError(url, response, hub);
  const parsed = v.safeParse(listing, await response.json().catch(() => null));
  if (!parsed.success) {
    throw new FileFormatError(
      `The list of files of ${repo} could not be read: ${parsed.issues[0].message}`,
      'Try again later, or download a file of the dataset and pick it.',
    );
  }
  return Object.entries(parsed.output).flatMap(([config, splits]) =>
    Object.entries(splits).map(([split, files]) => ({ config, split, files })),
  );
}

const partial = (split: string): string => `partial-${split}`;

function names(all: readonly string[]): string {
  const different = [...new Set(all)];
  return different.slice(0, listed).join(', ') + (different.length > listed ? ' …' : '');
}

/** The part that a name means: the only config or "default" or "main", and the only split or "train". Throws ConfigError. */
export function partOf(dataset: HubDataset, parts: readonly DatasetPart[]): DatasetPart {
  const { repo, config, split } = dataset;
  const configs = [...new Set(parts.map((part) => part.config))];
  const chosen =
    config ?? (configs.length === 1 ? configs[0] : ['default', 'main'].find((one) => configs.includes(one)));
  if (chosen === undefined || !configs.includes(chosen)) {
    throw new ConfigError(
      chosen === undefined
        ? `${repo} has ${configs.length} configs, and the name does not say which.`
        : `${repo} has no config ${chosen}.`,
      configs.length === 0
        ? 'Choose another dataset.'
        : `Add one of ${names(configs)}, as in hf:${repo}/${configs[0] ?? ''}.`,
    );
  }
  const own = parts.filter((part) => part.config === chosen);
  const wanted = split ?? (own.length === 1 ? own[0]?.split : 'train');
  const found =
    own.find((part) => part.split === wanted) ?? own.find((part) => part.split === partial(wanted ?? ''));
  if (found) return found;
  throw new ConfigError(
    `${writeDataset({ repo, config: chosen, split: null })} has no split ${wanted ?? ''}.`,
    `Add one of ${names(own.map((part) => part.split))}, as in @${own[0]?.split ?? ''}.`,
  );
}

/** Reads the rows of a dataset's part. Throws ConfigError, AccessError, DownloadError, FileFormatError. */
export async function fetchDataset(text: string, asking: Asking): Promise<FetchedDataset> {
  const { most = mostRows, onRows } = asking;
  const dataset = parseDataset(text);
  const part = partOf(dataset, await datasetParts(dataset.repo, asking));
  const name = writeDataset({ ...part, repo: dataset.repo });
  const lines: string[] = [];
  let more = part.split === partial(dataset.split ?? 'train');
  for (const [at, url] of part.files.entries()) {
    const file = await openFile(url, name, asking);
    const { lines: own, rows } = await parquetLines(file, name, most - lines.length);
    for (const line of own) lines.push(line);
    onRows?.(lines.length);
    more ||= own.length < rows;
    if (lines.length < most) continue;
    more ||= at < part.files.length - 1;
    break;
  }
  return { name, bytes: new TextEncoder().encode(lines.join('\n')), rows: lines.length, more };
}

/** A file at an address, read in parts where it is long and its server gives them. */
async function openFile(url: string, what: string, { hub, signal }: Asking): Promise<AsyncBuffer> {
  const ask = async (init: RequestInit): Promise<Response> => {
    const response = await get(url, { ...init, ...(signal && { signal }) }, hub, what);
    if (!response.ok) throw statusError(url, response, hub);
    return response;
  };
  const head = await ask({ method: 'HEAD' }).catch((thrown: unknown) => {
    if (signal?.aborted) throw thrown;
    return null;
  });
  const length = Number(head?.headers.get('content-length') ?? Number.NaN);
  if (!(length > onePiece)) return wholeOf(await ask({}), what);
  let whole: AsyncBuffer | null = null;
  return {
    byteLength: length,
    slice: async (start, end = length) => {
      if (whole) return whole.slice(start, end);
      const response = await ask({ headers: { Range: `bytes=${start}-${end - 1}` } });
      if (response.status !== 206) {
        whole = await wholeOf(response, what);
        return whole.slice(start, end);
      }
      const part = await response.arrayBuffer();
      if (part.byteLength === end - start) return part;
      throw new DownloadError(
        `${what} came with ${part.byteLength} bytes where ${end - start} were asked for.`,
        'Try again.',
      );
    },
  };
}

/** The body of a response, while it is not too large to be held. */
async function wholeOf(response: Response, what: string): Promise<AsyncBuffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || value === undefined) break;
    chunks.push(value);
    size += value.length;
    if (size <= mostWhole) continue;
    await reader?.cancel();
    throw new DownloadError(
      `A file of ${what} has more than ${mostWhole / 1e6} MB, and its server gives no parts.`,
      'Download it, and pick a file with some of its rows.',
    );
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return { byteLength: size, slice: (start, end) => bytes.slice(start, end).buffer };
}
