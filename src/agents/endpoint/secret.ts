/** Takes keys out of text: servers like to repeat what they were sent, as it is or encoded. */
import { toBase64 } from '../../core/base64';

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

const named: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
};

/**
 * JSON in JSON doubles them, and an address encodes them. Repetitions here are bounded: without end each place of a long run would be
 * looked at from each place before it.
 */
const backslashes = '(?:\\\\|%(?:25){0,9}5c){0,32}';

/** A character as it is, or as URLs, JSON, HTML and source text write it. */
function character(one: string): string {
  const code = one.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  const percent = [...new TextEncoder().encode(one)]
    .map((byte) => `%(?:25){0,9}${byte.toString(16).padStart(2, '0')}`)
    .join('');
  const forms = [
    `${backslashes}${escaped(one)}`,
    `${backslashes}${percent}`,
    `\\\\{1,32}u\\{?0{0,9}${hex}\\}?`,
    `\\\\{1,32}x0{0,9}${hex}`,
    `&(?:amp;){0,9}#0{0,9}${code};?`,
    `&(?:amp;){0,9}#x0{0,9}${hex};?`,
    ...(named[one] ? [`&(?:amp;){0,9}${named[one]};`] : []),
  ];
  return `(?:${forms.join('|')})`;
}

/** Base64 of the bytes at each place that they may have in a longer text, without the digits that neighbours have a share in. */
function base64Forms(bytes: Uint8Array): string[] {
  return [0, 1, 2].map((before) => {
    const padded = new Uint8Array(before + bytes.length);
    padded.set(bytes, before);
    const text = toBase64(padded).replace(/=+$/, '');
    const whole = padded.length % 3 === 0 ? text.length : text.length - 1;
    return text.slice(before === 0 ? 0 : before + 1, whole);
  });
}

/** Shorter encodings than this occur in text by chance. */
const shortest = 6;

/** Every way to write the key: one expression, global and in any case. */
function expressionOf(key: string): RegExp {
  const bytes = new TextEncoder().encode(key);
  const base64 = base64Forms(bytes)
    .filter((form) => form.length >= shortest)
    .map((form) => {
      const digits = [...form]
        .map((one) => ({ '+': '[+-]', '/': '(?:\\\\{0,9}[/_]|%2f)' })[one] ?? one)
        .join('');
      return digits;
    });
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('[\\s:]?');
  const forms = [
    ...(bytes.length * 2 >= shortest ? [hex] : []),
    [...key].map(character).join(''),
    ...(base64.length > 0 ? [`(?<base64>${base64.join('|')})`] : []),
  ];
  return new RegExp(forms.join('|'), 'gi');
}

/** Servers also repeat a part of a key: this many characters in a row tell too much of it. */
const telling = 12;

function withoutParts(text: string, key: string): string {
  const parts = Array.from({ length: key.length - telling + 1 }, (_, i) => key.slice(i, i + telling));
  const places: [number, number][] = [];
  for (const part of parts) {
    for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1))
      places.push([at, at + telling]);
  }
  let clean = '';
  let end = 0;
  for (const [from, to] of places.sort(([a], [b]) => a - b)) {
    if (from > end || clean === '') clean += `${text.slice(end, from)}(key)`;
    end = Math.max(end, to);
  }
  return clean + text.slice(end);
}

const expressions = new Map<string, RegExp>();

const base64Digit = /[A-Za-z0-9+/_-]/;
const padding = /={1,2}|(?:%3d){1,2}/iy;

/** Base64 of a key in a longer run of its digits is that of a text with the key in it: all of the run goes. */
function withoutForms(text: string, expression: RegExp): string {
  let clean = '';
  let end = 0;
  for (const { 0: all, index, groups } of text.matchAll(expression)) {
    if (index < end) continue;
    let from = index;
    let to = index + all.length;
    if (groups?.['base64'] !== undefined) {
      while (from > end && base64Digit.test(text[from - 1]!)) from--;
      while (to < text.length && base64Digit.test(text[to]!)) to++;
      padding.lastIndex = to;
      to += padding.exec(text)?.[0].length ?? 0;
    }
    clean += `${text.slice(end, from)}(key)`;
    end = to;
  }
  return clean + text.slice(end);
}

/** The text with "(key)" in place of the keys, in any form. */
export function withoutKeys(text: string, keys: Iterable<string>): string {
  let clean = text;
  for (const key of keys) {
    if (key === '') continue;
    const expression = expressions.get(key) ?? expressionOf(key);
    expressions.set(key, expression);
    clean = withoutParts(withoutForms(clean, expression), key);
  }
  return clean;
}

/** Characters at the end of the text that may be the beginning of a key: they are not shown before the next ones are there. */
export function openEnd(text: string, keys: Iterable<string>): number {
  let held = 0;
  for (const key of keys) {
    const forms = [key, encodeURIComponent(key), ...base64Forms(new TextEncoder().encode(key))];
    for (const form of forms.map((one) => one.toLowerCase())) {
      for (let length = Math.min(form.length - 1, text.length); length > held; length--) {
        if (form.startsWith(text.slice(-length).toLowerCase())) held = length;
      }
    }
  }
  return held;
}
