/** Changes of valid files: to their bytes, their text, the values that their JSON holds, and how that is written. */
import type { Dice } from './dice';

type Json = Record<string, unknown> | unknown[];

const extremes = [
  -1, 0, -0, 1, 0.5, 2 ** 16, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 1e9, 1e15, 2 ** 53, 2 ** 53 + 2, -(2 ** 53),
  1e300, -1e300, 5e-324, 1e-9,
]; // prettier-ignore

/** What texts are hard to handle for: surrogates alone, marks on marks, invisible letters, other scripts' digits, keys of objects. */
const oddTexts = [
  '', ' ', '\u0000', '\ud800', '\udfff\ud800', '\ufeff', '\u202e', '\u200d', '\u0085', '\u2028', '\r', '\n', '\t', 'é', 'ﬁ', '٣', '½',
  '𝟘', '👩‍👩‍👧', 'a\u0301\u0301\u0301', '__proto__', 'constructor', 'toString', 'length', '../../models', '/etc/passwd', 'CON', '%00', '%', '&', '#',
  '####', '\\boxed{', '$\\frac{1}{', '{{', '{%', '"', "'", '\\', '<script>', '</think>', '<think>', '1e999', '-1e999', '0x10', '1,000', '١٢', '(((((', '[[[[', ')', '|', ';',
]; // prettier-ignore

/** Names of what went wrong inside, which no message may hold: inputs have them not. */
export const innerWords = /\bundefined\b|\[object \w+\]|\bNaN\b(?! at)/;

function oddText(dice: Dice): string {
  if (dice.chance(0.15)) return dice.pick(oddTexts).repeat(1 + dice.below(2000));
  if (dice.chance(0.02)) return 'x'.repeat(1 + dice.below(200_000));
  return Array.from({ length: 1 + dice.below(3) }, () => dice.pick(oddTexts)).join('');
}

function nested(dice: Dice): unknown {
  let value: unknown = 1;
  const depth = dice.chance(0.2) ? 300 : dice.below(40);
  const list = dice.chance(0.5);
  for (let i = 0; i < depth; i++) value = list ? [value] : { a: value };
  return value;
}

function oddValue(dice: Dice): unknown {
  switch (dice.below(8)) {
    case 0:
      return null;
    case 1:
      return dice.chance(0.5);
    case 2:
    case 3:
      return dice.pick(extremes);
    case 4:
      return oddText(dice);
    case 5:
      return dice.pick<unknown>([[], {}, [[]], [null], { a: 1 }, ['a', 1], [{}]]);
    case 6:
      return nested(dice);
    default:
      return String(dice.pick(extremes));
  }
}

interface Place {
  readonly holder: Json;
  readonly key: string | number;
}

/** Of a long list its ends: the middle is the same again. */
function places(value: unknown, found: Place[]): void {
  if (typeof value !== 'object' || value === null) return;
  const holder = value as Json;
  const keys = Array.isArray(holder)
    ? [...holder.keys()].filter((i) => i < 3 || i >= holder.length - 1)
    : Object.keys(holder);
  for (const key of keys) {
    found.push({ holder, key });
    places((holder as Record<string | number, unknown>)[key], found);
  }
}

/** Number and text stay what they are, but for their size. */
function nearby(value: unknown, dice: Dice): unknown {
  if (typeof value === 'number') {
    if (dice.chance(0.5)) return dice.pick(extremes);
    return dice.pick([value + 1, value - 1, -value, value * 2, value / 3, value * 1000, value + 0.5]);
  }
  if (typeof value === 'string') return mutatedText(value, dice);
  return oddValue(dice);
}

function changeOne(root: unknown, dice: Dice): unknown {
  const found: Place[] = [];
  places(root, found);
  if (found.length === 0) return oddValue(dice);
  const { holder, key } = dice.pick(found);
  const at = holder as Record<string | number, unknown>;
  switch (dice.below(8)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete at[key];
      break;
    case 1:
      if (Array.isArray(holder)) holder.push(structuredClone(holder[Number(key)]));
      else at[dice.chance(0.5) ? oddText(dice) : `${key}_2`] = structuredClone(at[key]);
      break;
    case 2: {
      // A value of one place at another.
      const other = dice.pick(found);
      at[key] = structuredClone((other.holder as Record<string | number, unknown>)[other.key]);
      break;
    }
    case 3:
      if (!Array.isArray(holder))
        Object.defineProperty(holder, dice.pick(['__proto__', 'constructor', 'toString', 'extra', '']), {
          value: oddValue(dice),
          enumerable: true,
          configurable: true,
          writable: true,
        });
      else holder.splice(0, 0, oddValue(dice));
      break;
    case 4:
    case 5:
      at[key] = nearby(at[key], dice);
      break;
    default:
      at[key] = oddValue(dice);
  }
  return root;
}

/** A copy with one to four changes. */
export function mutatedJson(value: unknown, dice: Dice): unknown {
  let copy: unknown = structuredClone(value);
  for (let left = dice.chance(0.5) ? 1 : 1 + dice.below(4); left > 0; left--) copy = changeOne(copy, dice);
  return copy;
}

/** A piece of the text made long by saying it again and again: seldom, since it takes its time. */
function grown(text: string, dice: Dice): string {
  const from = dice.below(text.length);
  const piece = text.slice(from, from + 1 + dice.below(200)) || 'x';
  return text.slice(0, from) + piece.repeat(Math.ceil((dice.chance(0.2) ? 300_000 : 50_000) / piece.length));
}

/** A copy of a text with one to three changes. */
export function mutatedText(text: string, dice: Dice): string {
  let now = text;
  for (let left = 1 + dice.below(3); left > 0; left--) {
    const at = dice.below(now.length + 1);
    const end = Math.min(now.length, at + 1 + dice.below(dice.chance(0.2) ? 400 : 8));
    switch (dice.below(8)) {
      case 0:
        now = now.slice(0, at);
        break;
      case 1:
        now = now.slice(0, at) + now.slice(end);
        break;
      case 2:
        now = now.slice(0, end) + now.slice(at);
        break;
      case 3: {
        const from = dice.below(now.length + 1);
        now = now.slice(0, at) + now.slice(from, from + 40) + now.slice(end);
        break;
      }
      case 4:
        now = now.slice(0, at) + String(dice.pick(extremes)) + now.slice(end);
        break;
      case 5:
        now = now.slice(0, at) + String.fromCharCode(dice.below(0x10000)) + now.slice(end);
        break;
      default:
        now = now.slice(0, at) + oddText(dice) + now.slice(dice.chance(0.5) ? at : end);
    }
  }
  return dice.chance(0.01) ? grown(now, dice) : now;
}

/** JSON as others write it: keys twice, numbers beyond what a number holds, deep lists, a mark before it, text after it. */
export function writtenJson(value: unknown, dice: Dice): string {
  const text = JSON.stringify(value) ?? 'null';
  if (!dice.chance(0.12)) return text;
  switch (dice.below(7)) {
    case 0:
      return text.replace(/\{"(\w+)":/, (found, key) => `{"${String(key)}":1,${found.slice(1)}`);
    case 1:
      return text.replace(
        /:\d+/,
        () => `:${dice.pick(['1e999', '-1e999', '1e-999', '0.1e1', '123456789012345678901234567890', '-0'])}`,
      );
    case 2: {
      const depth = dice.pick([50, 70, 5000, 100_000]);
      return text.replace(/:("[^"]*"|\d+)/, () => `:${'['.repeat(depth)}${']'.repeat(depth)}`);
    }
    case 3:
      return `\ufeff${text}`;
    case 4:
      return `${text}\n${text}`;
    case 5:
      return text.replaceAll('"', dice.pick(["'", '"', '\\"']));
    default:
      return mutatedText(text, dice);
  }
}

/** A copy of bytes with one to four changes; `numbers` writes whole numbers of 4 and 8 bytes as well. */
export function mutatedBytes(bytes: Uint8Array, dice: Dice, head = bytes.length): Uint8Array<ArrayBuffer> {
  let now = new Uint8Array(bytes);
  for (let left = dice.chance(0.5) ? 1 : 1 + dice.below(4); left > 0 && now.length > 0; left--) {
    // What a file says of itself stands at its beginning or its end.
    const at = dice.chance(0.8) ? dice.below(Math.min(head, now.length)) : dice.below(now.length);
    const end = Math.min(now.length, at + 1 + dice.below(64));
    switch (dice.below(8)) {
      case 0:
        now[at] = now[at]! ^ (1 << dice.below(8));
        break;
      case 1:
        now[at] = dice.pick([0, 1, 0x7f, 0x80, 0xff]);
        break;
      case 2:
        now = now.slice(0, dice.chance(0.3) ? at : Math.max(0, now.length - 1 - dice.below(64)));
        break;
      case 3:
        now = joined(now.subarray(0, at), now.subarray(end));
        break;
      case 4:
        now = joined(now.subarray(0, end), now.subarray(at));
        break;
      case 5:
        if (at + 4 <= now.length) new DataView(now.buffer).setUint32(at, dice.pick(extremes) >>> 0, true);
        break;
      case 6:
        if (at + 8 <= now.length)
          new DataView(now.buffer).setBigUint64(
            at,
            dice.pick([0n, 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]),
            true,
          );
        break;
      default: {
        const from = dice.below(now.length);
        now = joined(now.subarray(0, at), now.subarray(from, from + 64), now.subarray(end));
      }
    }
  }
  return now;
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const encoder = new TextEncoder();
export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);
