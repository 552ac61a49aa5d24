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

/** JSON in JSON doubles them, and an address encodes them. */
const backslashes = '(?:\\\\|%(?:25)*5c)*';

/** A character as it is, or as URLs, JSON, HTML and source text write it. */
function character(one: string): string {
  const code = one.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  const percent = [...new TextEncoder().encode(one)]
    .map((byte) => `%(?:25)*${byte.toString(16).padStart(2, '0')}`)
    .join('');
  const forms = [
    `${backslashes}${escaped(one)}`,
    `${backslashes}${percent}`,
    `\\\\+u\\{?0*${hex}\\}?`,
    `\\\\+x0*${hex}`,
    `&(?:amp;)*#0*${code};?`,
    `&(?:amp;)*#x0*${hex};?`,
    ...(named[one] ? [`&(?:amp;)*${named[one]};`] : []),
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
      const digits = [...form].map((one) => ({ '+': '[+-]', '/': '(?:\\\\*[/_]|%2f)' })[one] ?? one).join('');
      return `[A-Za-z0-9+/_-]*${digits}[A-Za-z0-9+/_-]*(?:={1,2}|(?:%3d){1,2})?`;
    });
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('[\\s:]?');
  const forms = [...(bytes.length * 2 >= shortest ? [hex] : []), [...key].map(character).join(''), ...base64];
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

/** The text with "(key)" in place of the keys, in any form. */
export function withoutKeys(text: string, keys: Iterable<string>): string {
  let clean = text;
  for (const key of keys) {
    if (key === '') continue;
    const expression = expressions.get(key) ?? expressionOf(key);
    expressions.set(key, expression);
    clean = withoutParts(clean.replace(expression, '(key)'), key);
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
