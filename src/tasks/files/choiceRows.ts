/** Multiple choice in a question file: its options, however they are written down, and which of them is right. */
import * as v from 'valibot';
import { normalText } from '../textAnswers';
import { parseExactJson } from './exactJson';
import type { GoldReason } from '../golds';

export interface OptionList {
  readonly texts: readonly string[];
  /** What the file calls each option; null where it does not say. */
  readonly labels: readonly string[] | null;
}

export type Counting = 0 | 1 | null;

const cell = v.union([v.pipe(v.string(), v.trim(), v.minLength(1)), v.pipe(v.number(), v.transform(String))]);
const list = v.array(cell);
const labelled = v.object({
  text: list,
  label: v.array(v.union([v.string(), v.pipe(v.number(), v.transform(String))])),
});
const objects = v.array(v.object({ text: cell, label: cell }));
const mapping = v.record(v.string(), cell);

const prefix = /^\s*\(?([A-Ja-j]|\d{1,2})\s?[.):]\s+/;

/** Options in any known form; null for none. */
export function optionList(value: unknown): OptionList | null {
  if (typeof value === 'string') return fromText(value);
  const plain = v.safeParse(list, value);
  if (plain.success) return unlabelled(plain.output);
  const arc = v.safeParse(labelled, value);
  if (arc.success && arc.output.text.length === arc.output.label.length)
    return { texts: arc.output.text, labels: arc.output.label };
  const each = v.safeParse(objects, value);
  if (each.success)
    return { texts: each.output.map(({ text }) => text), labels: each.output.map(({ label }) => label) };
  const map = Array.isArray(value) ? null : v.safeParse(mapping, value);
  if (!map?.success) return null;
  return { texts: Object.values(map.output), labels: Object.keys(map.output) };
}

/** Options that carry their own labels ("A. Lyon", "2) Paris") without them. */
function unlabelled(texts: readonly string[]): OptionList {
  const labels = texts.map((text) => prefix.exec(text)?.[1] ?? '');
  const inOrder = (first: number): boolean =>
    labels.every(
      (label, i) => label.toUpperCase() === String.fromCharCode(65 + i) || label === String(i + first),
    );
  if (texts.length < 2 || !(inOrder(1) || inOrder(0))) return { texts, labels: null };
  return { texts: texts.map((text) => text.replace(prefix, '').trim()), labels };
}

/** Options in one cell: a list as JSON or Python writes it, or "a ) 38 , b ) 27". */
function fromText(text: string): OptionList | null {
  const trimmed = text.trim();
  if (/^[[{]/.test(trimmed)) {
    for (const written of [trimmed, trimmed.replace(/(?<=[[,{:]\s*)'|'(?=\s*[\],}:])/g, '"')]) {
      try {
        return optionList(parseExactJson(written));
      } catch {
        // Not JSON: the next way of writing, or labels.
      }
    }
  }
  const marks = [...trimmed.matchAll(/(?:^|[,;|\n]\s*|\s)\(?([A-Ja-j])\s?[.):]\s*(?=\S)/g)];
  const sequence = marks.filter((mark, i) => (mark[1] ?? '').toUpperCase() === String.fromCharCode(65 + i));
  if (sequence.length >= 2 && sequence.length === marks.length) {
    const texts = marks.map((mark, i) =>
      trimmed
        .slice(mark.index + mark[0].length, marks[i + 1]?.index)
        .replace(/[\s,;|]+$/, '')
        .trim(),
    );
    return { texts, labels: marks.map((mark) => mark[1] ?? '') };
  }
  const parts = trimmed.split(/\n|\|/).map((part) => part.trim());
  return parts.length >= 2 && parts.every((part) => part !== '') ? unlabelled(parts) : null;
}

const bare = (key: string): string =>
  key
    .trim()
    .replace(/^(?:option|choice)\s+/i, '')
    .replace(/^[([]|[)\].:]+$/g, '');

/** The number that counts the right option, where nothing but a count can be meant; null elsewhere. */
export function countOf({ texts, labels }: OptionList, key: string): number | null {
  if (!/^\d{1,2}$/.test(key.trim())) return null;
  const named = labels?.includes(key.trim()) ?? false;
  const said = texts.filter((text) => text === key.trim()).length === 1;
  return named || said ? null : Number(key);
}

/** Which option a key means: by label, letter, text, or count. -1 for none. */
export function rightOption(
  { texts, labels }: OptionList,
  key: string,
  counting: Counting,
): { readonly index: number; readonly reason: GoldReason } {
  const wanted = bare(key);
  const byLabel = labels?.findIndex((label) => label.toLowerCase() === wanted.toLowerCase()) ?? -1;
  if (byLabel >= 0) return { index: byLabel, reason: 'option' };
  const letter = /^[A-Ja-j]$/.test(wanted) ? wanted.toUpperCase().charCodeAt(0) - 65 : -1;
  const exact = texts.indexOf(key.trim());
  if (exact >= 0 && (letter < 0 || letter >= texts.length)) return { index: exact, reason: 'option' };
  if (letter >= 0) return { index: letter < texts.length ? letter : -1, reason: 'option' };
  const count = countOf({ texts, labels }, key);
  if (count !== null) {
    const index = count - (counting ?? 0);
    return { index: index < texts.length ? index : -1, reason: counting === null ? 'counted' : 'option' };
  }
  const words = normalText(key);
  const same = texts.flatMap((text, i) => (normalText(text) === words ? [i] : []));
  if (same.length === 1) return { index: same[0] ?? -1, reason: 'option' };
  // "B. Paris": a letter and the option's own text.
  const both = prefix.exec(key)?.[1]?.toUpperCase();
  const index = both === undefined ? -1 : both.charCodeAt(0) - 65;
  const agrees = index >= 0 && normalText(texts[index] ?? '') === normalText(key.replace(prefix, ''));
  return { index: agrees ? index : -1, reason: 'option' };
}
