/**
 * An error in the page's words. Errors come from code that the commands use too, so here, at the page's edge, flags become
 * the names of fields, settings their labels, and what only programmers read goes into the report.
 */
import * as v from 'valibot';
import type { ErrorData } from '../core/errors';
import { entries } from '../settings/config';
import { plainEndpoints } from '../specs/endpoint';
import { errorStrings as text } from './strings/errors';

export interface PageError {
  readonly message: string;
  readonly hint: string;
  readonly report: string | null;
}

const settingDetails = v.object({ name: v.string(), allowed: v.string() });
const unexpectedDetails = v.object({ unexpected: v.literal(true) });

/** Labels by the names that code and commands use: nAgents, n-agents. */
const labels = new Map<string, string>(
  entries.flatMap(({ path, setting: { flag, label, was } }) =>
    [path, flag, ...(was === undefined ? [] : [was])].map((name) => [name, label] as const),
  ),
);
const codeNames = [...labels.keys()].filter((name) => /[a-z][A-Z]/.test(name));
const codeName = new RegExp(`\\b(${codeNames.map((name) => name.replaceAll('.', '\\.')).join('|')})\\b`, 'g');

/** {"wrong traces":168} -> wrong traces 168 */
function plainJson(found: string): string {
  try {
    const value = JSON.parse(found) as unknown;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return found;
    const part = (one: unknown): string =>
      typeof one === 'string' || typeof one === 'number' ? String(one) : '…';
    return Object.entries(value)
      .map(([name, one]) => `${name} ${part(one)}`)
      .join(', ');
  } catch {
    return found.replace(/[{}"]/g, '');
  }
}

/** The fallback for texts that the page has no words for. */
export function plainWords(message: string): string {
  return plainEndpoints(message)
    .replace(/\s*\((?:[^()]*\s)?--[a-z][^()]*\)/g, '')
    .replace(
      /--([a-z][a-z0-9-]*)/g,
      (_, flag: string) => `"${labels.get(flag) ?? flag.replaceAll('-', ' ')}"`,
    )
    .replace(/\{\s*"[^{}]*(?:\{[^{}]*\}[^{}]*)*\}?/g, plainJson)
    .replace(
      /Invalid (?:key|type|format): Expected (\S+|".*?") but received undefined/g,
      `$1 ${text.missing}`,
    )
    .replace(
      /Invalid (?:key|type|format): Expected (.+?) but received (.+?)(?=[.,;]|$)/g,
      '$2 stands where $1 belongs',
    )
    .replace(/\bis undefined\b/g, text.missing)
    .replace(/\bundefined\b/g, text.nothing)
    .replace(codeName, (name) => labels.get(name) ?? name)
    .replace(/\s+,/g, ',')
    .replace(/ {2,}/g, ' ')
    .trim();
}

export function pageError(error: ErrorData): PageError {
  const { code, message, hint, details = {} } = error;
  if (v.is(unexpectedDetails, details)) {
    const report = [message, code, navigator.userAgent].join('\n');
    return { message: text.unexpected, hint: text.unexpectedHint, report };
  }
  const setting = v.safeParse(settingDetails, details);
  if (setting.success) {
    const { name, allowed } = setting.output;
    const label = labels.get(name) ?? name;
    const value = / is (.*), but must be /s.exec(message)?.[1] ?? '';
    return {
      message: text.setting(label, plainWords(value), plainWords(allowed)),
      hint: text.settingHint(label),
      report: null,
    };
  }
  return { message: plainWords(message), hint: plainWords(hint), report: null };
}
