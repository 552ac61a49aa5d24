/** The models that ship with the app: public/models/index.json. */
import * as v from 'valibot';
import { DownloadError, FileFormatError } from '../core/errors';
import { issueText } from '../core/issueText';

const entrySchema = v.object({
  id: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9._-]*$/i)),
  role: v.picklist(['agent', 'student', 'overlap']),
  name: v.string(),
  bytes: v.number(),
  parameters: v.number(),
  promptStyle: v.string(),
  sha256: v.optional(v.unknown()),
});

/**
 * `role` says what the presets use it as; any bundled model can be agent or student. Agents of role `overlap` share a part of
 * agent A's gap: they are named one by one, "bundled" does not stand for them.
 */
export interface BundledModel {
  readonly id: string;
  readonly role: 'agent' | 'student' | 'overlap';
  readonly name: string;
  readonly bytes: number;
  readonly parameters: number;
  readonly promptStyle: string;
}

const indexSchema = v.union([
  v.array(entrySchema),
  v.pipe(
    v.object({ models: v.array(entrySchema) }),
    v.transform(({ models }) => models),
  ),
]);

/** Reads the catalogue under the app's address (ends with a slash). Throws DownloadError, FileFormatError. */
export async function fetchCatalogue(base: string, signal?: AbortSignal): Promise<readonly BundledModel[]> {
  const url = new URL('models/index.json', base).href;
  let response: Response;
  try {
    response = await fetch(url, signal ? { signal } : {});
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new DownloadError(`${url} could not be fetched.`, 'Check the connection and reload.', { cause });
  }
  if (!response.ok) {
    throw new DownloadError(
      `${url} answered ${response.status}.`,
      'Build the app again: its models are missing.',
    );
  }
  return parseCatalogue(await response.json().catch(() => null), url);
}

/** Throws FileFormatError. */
export function parseCatalogue(input: unknown, name: string): readonly BundledModel[] {
  const result = v.safeParse(indexSchema, input);
  if (!result.success) {
    throw new FileFormatError(
      `${name} is not a list of models: ${issueText(v.getDotPath(result.issues[0]), result.issues[0])}.`,
      'Build the app again.',
    );
  }
  return result.output.map(({ id, role, name: title, bytes, parameters, promptStyle }) => ({
    id,
    role,
    name: title,
    bytes,
    parameters,
    promptStyle,
  }));
}
