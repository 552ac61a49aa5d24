/** Search of the hub by name. */
import * as v from 'valibot';
import { FileFormatError } from '../core/errors';
import { issueText } from '../core/issueText';
import { responseJson } from '../core/json';
import { hubEndpoint } from '../specs/addresses';
import { get, openAccess, statusError } from './hub';
import type { DescribeOptions } from './remote';

/** A repository that a search found, as far as the list says. */
export interface HubFound {
  /** OWNER/NAME. */
  readonly repo: string;
  readonly parameters: number | null;
  readonly licence: string | null;
  /** Its files are given to those alone who accepted its terms. */
  readonly gated: boolean;
  /** It has GGUF files. */
  readonly gguf: boolean;
}

const most = 20;
const total = v.nullish(v.looseObject({ total: v.optional(v.number()) }));
const foundSchema = v.array(
  v.object({
    id: v.pipe(v.string(), v.regex(/^[\w.-]+\/[\w.-]+$/)),
    gated: v.optional(v.union([v.boolean(), v.string()]), false),
    tags: v.optional(v.array(v.string()), []),
    safetensors: total,
    gguf: total,
  }),
);

/** Models that write text, those that are downloaded most first. Throws AccessError, DownloadError, FileFormatError. */
export async function searchHub(
  text: string,
  { hub = openAccess, signal }: Pick<DescribeOptions, 'hub' | 'signal'> = {},
): Promise<readonly HubFound[]> {
  const query = new URLSearchParams({
    search: text,
    pipeline_tag: 'text-generation',
    sort: 'downloads',
    direction: '-1',
    limit: String(most),
  });
  for (const field of ['downloads', 'gated', 'gguf', 'safetensors', 'tags']) query.append('expand[]', field);
  const url = `${hubEndpoint}/api/models?${query}`;
  const response = await get(url, signal ? { signal } : {}, hub, 'the search');
  if (!response.ok) throw statusError(url, response, hub);
  const parsed = v.safeParse(foundSchema, await responseJson(response));
  if (!parsed.success) {
    throw new FileFormatError(
      `The answer to the search could not be read: ${issueText(v.getDotPath(parsed.issues[0]), parsed.issues[0])}.`,
      'Try again later, or write OWNER/NAME.',
    );
  }
  return parsed.output.map(({ id, gated, tags, safetensors, gguf }) => ({
    repo: id,
    parameters: safetensors?.total ?? gguf?.total ?? null,
    licence: tags.find((tag) => tag.startsWith('license:'))?.slice('license:'.length) ?? null,
    gated: gated !== false,
    gguf: gguf != null || tags.includes('gguf'),
  }));
}
