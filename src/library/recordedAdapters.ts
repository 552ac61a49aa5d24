/** Adapters of the recorded run, which ship with the page: public/recorded/adapters.json and the PEFT folders beside it. */
import * as v from 'valibot';
import { DownloadError, FileFormatError } from '../core/errors';
import { issueText } from '../core/issueText';
import type { AdapterInfo } from '../wire/playground';
import { parseConfig } from '../settings/config';

const schema = v.object({
  runId: v.string(),
  runName: v.string(),
  config: v.looseObject({}),
  adapters: v.array(
    v.object({
      strategy: v.string(),
      seed: v.number(),
      folder: v.pipe(v.string(), v.regex(/^[a-z0-9+-]+$/)),
      files: v.array(v.pipe(v.string(), v.regex(/^[a-z0-9_]+\.[a-z]+$/))),
    }),
  ),
});

type Listing = v.InferOutput<typeof schema>;

/** null where the build has none. */
async function readListing(base: string): Promise<Listing | null> {
  const response = await fetch(new URL('recorded/adapters.json', base)).catch(() => null);
  if (!response?.ok || (response.headers.get('content-type') ?? '').includes('text/html')) return null;
  const result = v.safeParse(schema, await response.json().catch(() => null));
  if (!result.success) {
    throw new FileFormatError(
      `recorded/adapters.json is malformed: ${issueText(v.getDotPath(result.issues[0]), result.issues[0])}.`,
      'Build the app again.',
    );
  }
  return result.output;
}

export async function recordedAdapters(base: string): Promise<AdapterInfo[]> {
  const listing = await readListing(base);
  if (listing === null) return [];
  const { runId, runName } = listing;
  const { student } = parseConfig(listing.config);
  return listing.adapters.map(({ strategy, seed }) => ({
    runId,
    runName,
    strategy,
    seed,
    student,
    origin: 'recorded',
  }));
}

/** The PEFT files. Throws DownloadError. */
export async function recordedFiles(
  base: string,
  { strategy, seed }: Pick<AdapterInfo, 'strategy' | 'seed'>,
): Promise<Record<string, Uint8Array>> {
  const entry = (await readListing(base))?.adapters.find(
    (one) => one.strategy === strategy && one.seed === seed,
  );
  const files: Record<string, Uint8Array> = {};
  for (const name of entry?.files ?? []) {
    const url = new URL(`recorded/adapters/${entry?.folder ?? ''}/${name}`, base);
    const response = await fetch(url).catch(() => null);
    if (!response?.ok) {
      throw new DownloadError(
        `${url.href} could not be read (${response?.status ?? 'no answer'}).`,
        'Check the connection and reload the page.',
      );
    }
    files[name] = new Uint8Array(await response.arrayBuffer());
  }
  return files;
}
