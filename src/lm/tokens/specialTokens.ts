/** Special and added tokens, from every file in which transformers looks for them. */
import * as v from 'valibot';
import { FileFormatError } from '../../core/errors';
import { parseJson } from '../../core/json';
import type { FileSource } from '../../core/fileSource';
import { readText } from '../../core/fileSource';
import { mostIds, type AddedToken } from './addedTokens';
import { addedToken, addedTokenSchema, idSchema } from './pipeline';
import { asJson } from './preTokenizers';

const damaged = 'Download the tokenizer files again.';
const namedTokens = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'] as const; // prettier-ignore
const tokenSchema = v.union([v.string(), addedTokenSchema]);
const templateSchema = v.nullish(
  v.union([v.string(), v.array(v.looseObject({ name: v.string(), template: v.string() }))]),
);
const configSchema = v.looseObject({
  ...Object.fromEntries(namedTokens.map((name) => [name, v.nullish(tokenSchema)])),
  chat_template: templateSchema,
  clean_up_tokenization_spaces: v.nullish(v.boolean()),
  added_tokens_decoder: v.nullish(v.record(v.string(), addedTokenSchema)),
});

export interface TokenSettings {
  /** bos_token, eos_token and so on, as templates know them. */
  readonly named: Readonly<Record<string, string>>;
  /** Tokens that tokenizer.json may lack, with the ids that their file gives them. */
  readonly more: readonly (readonly [AddedToken, number | null])[];
  readonly template: string | null;
  readonly cleanUp: boolean;
}

/** Files beside tokenizer.json, parsed; those that are missing are undefined. */
export interface TokenFiles {
  readonly config?: unknown;
  readonly specialTokensMap?: unknown;
  readonly addedTokens?: unknown;
}

type Given = string | v.InferOutput<typeof addedTokenSchema>;
const contentOf = (token: Given): string => (typeof token === 'string' ? token : token.content);
const asSpecial = (token: Given): AddedToken =>
  typeof token === 'string'
    ? { content: token, special: true, normalized: false, singleWord: false, lstrip: false, rstrip: false }
    : { ...addedToken({ ...token, special: true }), normalized: token.normalized ?? false };

function listOf(value: unknown, file: string): Given[] {
  if (value === null || value === undefined) return [];
  const items = Array.isArray(value) ? value : Object.values(asJson(value));
  return items.map((item) => {
    const parsed = v.safeParse(tokenSchema, item);
    if (!parsed.success) throw new FileFormatError(`${file} is malformed.`, damaged);
    return parsed.output;
  });
}

/** Merges the files as transformers does. Throws FileFormatError. */
export function tokenSettings(files: TokenFiles): TokenSettings {
  const parsed = v.safeParse(configSchema, files.config ?? {});
  if (!parsed.success) throw new FileFormatError('tokenizer_config.json is malformed.', damaged);
  const decoder = parsed.output.added_tokens_decoder;
  // With added_tokens_decoder the older files are not read.
  const map = decoder ? {} : asJson(files.specialTokensMap);
  const merged: Readonly<Record<string, unknown>> = { ...parsed.output, ...map };
  const source = (name: string) => (name in map ? 'special_tokens_map.json' : 'tokenizer_config.json');
  const named: Record<string, Given> = {};
  for (const [name, value] of Object.entries(merged)) {
    if (!name.endsWith('_token') || value === null || value === undefined || typeof value === 'boolean')
      continue;
    const token = v.safeParse(tokenSchema, value);
    if (token.success) named[name] = token.output;
    else if ((namedTokens as readonly string[]).includes(name)) throw new FileFormatError(`${source(name)} is malformed: ${name}.`, damaged); // prettier-ignore
  }
  const extras = [
    ...listOf(merged['extra_special_tokens'], source('extra_special_tokens')),
    ...listOf(merged['additional_special_tokens'], source('additional_special_tokens')),
  ];
  const special = new Set([...Object.values(named), ...extras].map(contentOf));
  const declared: (readonly [AddedToken, number])[] = [];
  for (const [key, token] of Object.entries(decoder ?? {})) {
    const id = Number(key);
    if (!v.is(idSchema, id)) throw badId(token.content, 'tokenizer_config.json');
    const own = addedToken(token);
    declared.push([{ ...own, special: own.special || special.has(own.content) }, id]);
  }
  if (!decoder)
    for (const [content, id] of Object.entries(asJson(files.addedTokens))) {
      if (!v.is(idSchema, id)) throw badId(content, 'added_tokens.json');
      const isSpecial = special.has(content);
      declared.push([{ content, special: isSpecial, normalized: !isSpecial, singleWord: false, lstrip: false, rstrip: false }, id]); // prettier-ignore
    }
  declared.sort(([, a], [, b]) => a - b);
  const chat = parsed.output.chat_template;
  return {
    named: Object.fromEntries(Object.entries(named).map(([name, token]) => [name, contentOf(token)])),
    more: [
      ...declared,
      ...[...Object.values(named), ...extras].map((token) => [asSpecial(token), null] as const),
    ],
    template:
      (typeof chat === 'string' ? chat : chat?.find(({ name }) => name === 'default')?.template) ?? null,
    cleanUp: parsed.output.clean_up_tokenization_spaces ?? false,
  };
}

function badId(content: string, file: string): FileFormatError {
  return new FileFormatError(
    `The token ${JSON.stringify(content)} of ${file} has no id from 0 to ${mostIds - 1}.`,
    damaged,
  );
}

/** A JSON file where the source has it. Throws FileFormatError when it is no JSON. */
export async function optionalJson(source: FileSource, path: string, signal?: AbortSignal): Promise<unknown> {
  if (!(await source.has(path))) return undefined;
  try {
    return parseJson(await readText(source, path, signal));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new FileFormatError(`${path} is not valid JSON.`, 'Download the file again.', { cause });
  }
}

/** The end tokens that config.json and generation_config.json name. */
export async function configEosIds(source: FileSource, signal?: AbortSignal): Promise<number[]> {
  const found: number[] = [];
  for (const file of ['config.json', 'generation_config.json']) {
    const value = asJson(await optionalJson(source, file, signal))['eos_token_id'];
    const ids: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const id of ids) if (v.is(idSchema, id)) found.push(id);
  }
  return [...new Set(found)];
}
