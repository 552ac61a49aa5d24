/**
 * What a final answer states: a formula, an equation or inequality, a set, tuple, interval or matrix, or words; and when two
 * of them are the same. The rules are math-verify's, but for the exceptions that tests/golden/answers/exceptions.json argues.
 */
import { exactValue, proportional, sameValue, variables } from './expressionValue';
import { parseFormula, type Tree } from './expressionTree';
import { formulaText } from './formulaText';

export type Shape =
  | { readonly kind: 'formula'; readonly tree: Tree }
  | { readonly kind: 'relation'; readonly sign: string; readonly left: Shape; readonly right: Shape }
  | { readonly kind: 'list'; readonly brackets: string; readonly items: readonly Shape[] }
  | { readonly kind: 'words'; readonly text: string };

const maxLength = 2000;
const opening = '([{';
const closing = ')]}';

/** Parts of a text between separators that stand outside all brackets. */
export function topLevelParts(text: string, isSeparator: (at: number) => boolean): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const sign = text.charAt(at);
    if (opening.includes(sign)) depth++;
    else if (closing.includes(sign)) depth--;
    else if (depth === 0 && isSeparator(at)) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim());
}

/** Whether the comma at this place stands between the thousands of one number. */
function inNumber(text: string, at: number): boolean {
  return (
    /(?:^|[^\d.])\d{1,3}(?:,\d{3})*$/.test(text.slice(Math.max(0, at - 40), at)) &&
    /^,\d{3}(?!\d)/.test(text.slice(at))
  );
}

/** Members of a list without brackets; one for anything else. */
export function listParts(text: string): string[] {
  const parts = topLevelParts(text, (at) => text[at] === ';' || (text[at] === ',' && !inNumber(text, at)));
  return parts.length > 1 && parts.some((part) => part === '') ? [text] : parts;
}

/** The brackets around a whole text, or null: "(]" of a half-open interval. */
function bracketsOf(text: string): { brackets: string; inner: string } | null {
  const set = /^\\\{([\s\S]*)\\\}$/.exec(text);
  if (set) return { brackets: '{}', inner: set[1] ?? '' };
  if (!/^[([{][\s\S]*[)\]}]$/.test(text)) return null;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (opening.includes(text.charAt(at))) depth++;
    else if (closing.includes(text.charAt(at)) && --depth === 0 && at < text.length - 1) return null;
  }
  return { brackets: text.charAt(0) + text.charAt(text.length - 1), inner: text.slice(1, -1) };
}

function isWordy(text: string): boolean {
  const runs = text.replace(/\\[a-z]+/g, ' ').match(/[a-z]+/g) ?? [];
  const names = /^(?:arc)?(?:sin|cos|tan)h?|^(?:cot|sec|csc|log|ln|exp|sqrt|pi|infty|infinity)/;
  const long = runs.filter((run) => run.length > 1 && !names.test(run));
  if (/[\p{L}]/u.test(text.replace(/[a-zπα-ω]/g, ''))) return true;
  if (long.some((run) => run.length > 3)) return true;
  return long.length > 0 && (!/[\d+*/^=<>≤≥\\]/.test(text) || /\s[a-z]{2,}\s/.test(` ${text} `));
}

function matrix(text: string): Shape | null {
  const body = /^\\begin\s?\{([pbvB]?matrix|array)\}(?:\{[lcr|]+\})?([\s\S]*)\\end\s?\{\1\}$/.exec(text)?.[2];
  if (body === undefined) return null;
  const rows = body
    .split('\\\\')
    .map((row) => row.trim())
    .filter((row) => row !== '')
    .map((row): Shape => ({
      kind: 'list',
      brackets: 'row',
      items: row.split('&').map((cell) => shapeOf(cell.trim())),
    }));
  return { kind: 'list', brackets: 'matrix', items: rows };
}

function lone(shape: Shape): string | null {
  return shape.kind === 'formula' && shape.tree.kind === 'name' ? shape.tree.name : null;
}

/** "x = 1, 2" and "x = 1 or x = 2" are the list 1, 2; equations in several names stay. */
function assigned(items: readonly Shape[]): readonly Shape[] {
  const names = items.map((item) => (item.kind === 'relation' && item.sign === '=' ? lone(item.left) : null));
  const [first, ...rest] = names;
  const one = first !== null && first !== undefined;
  if (
    !one ||
    !(rest.every((name) => name === first) || items.slice(1).every((item) => item.kind === 'formula'))
  )
    return items;
  return items.map((item) => (item.kind === 'relation' ? item.right : item));
}

/** The shape of a text in formulaText's spelling. */
export function shapeOf(text: string): Shape {
  const words: Shape = { kind: 'words', text };
  if (text.length > maxLength) return words;
  const asMatrix = matrix(text);
  if (asMatrix) return asMatrix;
  const union = topLevelParts(text, (at) => text[at] === '∪');
  if (union.length > 1) return { kind: 'list', brackets: 'union', items: union.map(shapeOf) };
  const parts = listParts(text);
  if (parts.length > 1) {
    const items = parts.map((part) => shapeOf(part));
    return items.some((item) => item.kind === 'words') && isWordy(text)
      ? words
      : { kind: 'list', brackets: '', items: assigned(items) };
  }
  return relation(text) ?? bracketed(text) ?? plusMinus(text) ?? formula(text) ?? words;
}

function formula(text: string): Shape | null {
  if (isWordy(text)) return null;
  const tree = parseFormula(text);
  return tree && { kind: 'formula', tree };
}

function relation(text: string): Shape | null {
  const signs: string[] = [];
  const sides = topLevelParts(
    text,
    (at) => '=<>≤≥≠≈∈'.includes(text.charAt(at)) && signs.push(text.charAt(at)) > 0,
  );
  const [left = '', right = '', third = ''] = sides;
  const [sign = '', second = ''] = signs;
  if (sides.length < 2 || sides.slice(1).includes('')) return null;
  if (sign === '∈') return shapeOf(right);
  if (sides.length === 2) {
    if (left === '') return sign === '=' || sign === '≈' ? shapeOf(right) : null;
    if (isWordy(left) && (sign === '=' || sign === '≈')) return shapeOf(right);
    const name: Shape = { kind: 'formula', tree: { kind: 'name', name: left } };
    const named = /^[a-z]\([a-z]\)$/.test(left) ? name : shapeOf(left);
    return { kind: 'relation', sign: sign === '≈' ? '=' : sign, left: named, right: shapeOf(right) };
  }
  if (signs.every((each) => each === '=' || each === '≈')) {
    const last = shapeOf(sides.at(-1) ?? '');
    const first = shapeOf(left);
    return lone(first) === null ? last : { kind: 'relation', sign: '=', left: first, right: last };
  }
  if (sides.length !== 3) return null;
  const up = '<≤'.includes(sign) && '<≤'.includes(second);
  const down = '>≥'.includes(sign) && '>≥'.includes(second);
  if (!up && !down) return null;
  const ends = up ? [left, third] : [third, left];
  const [low, high] = up ? [sign, second] : [second, sign];
  const brackets = `${'<>'.includes(low) ? '(' : '['}${'<>'.includes(high) ? ')' : ']'}`;
  return lone(shapeOf(right)) === null ? null : { kind: 'list', brackets, items: ends.map(shapeOf) };
}

function bracketed(text: string): Shape | null {
  const found = bracketsOf(text);
  if (!found) return null;
  // Within brackets a lone comma separates, whatever stands behind it: (1,200) is a pair.
  const commas = topLevelParts(found.inner, (at) => found.inner[at] === ',' || found.inner[at] === ';');
  const parts = commas.length === 2 ? commas : listParts(found.inner);
  if (parts.length > 1 && !parts.includes(''))
    return { kind: 'list', brackets: found.brackets, items: parts.map((part) => shapeOf(part)) };
  if (found.brackets === '{}' && text.startsWith('\\'))
    return { kind: 'list', brackets: '{}', items: [shapeOf(found.inner.trim())] };
  return found.brackets === '{}' ? shapeOf(found.inner.trim()) : null;
}

function plusMinus(text: string): Shape | null {
  if (!text.includes('±')) return null;
  const items = ['+', '-'].map((sign) => shapeOf(text.replaceAll('±', sign)));
  return { kind: 'list', brackets: '', items };
}

const infinity = (negative: boolean): Shape => {
  const tree: Tree = { kind: 'name', name: 'infty' };
  return { kind: 'formula', tree: negative ? { kind: 'call', name: 'neg', of: [tree] } : tree };
};

/** x < 3 as the interval it states. */
function interval(shape: Shape): Shape {
  if (shape.kind !== 'relation' || !'<>≤≥'.includes(shape.sign)) return shape;
  const nameLeft = lone(shape.left) !== null;
  if (nameLeft === (lone(shape.right) !== null)) return shape;
  const bound = nameLeft ? shape.right : shape.left;
  const below = '<≤'.includes(shape.sign) === nameLeft;
  const open = '<>'.includes(shape.sign);
  return below
    ? { kind: 'list', brackets: open ? '()' : '(]', items: [infinity(true), bound] }
    : { kind: 'list', brackets: open ? '()' : '[)', items: [bound, infinity(false)] };
}

function difference(shape: Extract<Shape, { kind: 'relation' }>): Tree | null {
  if (shape.left.kind !== 'formula' || shape.right.kind !== 'formula') return null;
  const flipped = '>≥'.includes(shape.sign);
  const [a, b] = flipped ? [shape.right.tree, shape.left.tree] : [shape.left.tree, shape.right.tree];
  return { kind: 'call', name: '+', of: [a, { kind: 'call', name: 'neg', of: [b] }] };
}

function sameRelation(a: Shape & { kind: 'relation' }, b: Shape & { kind: 'relation' }): boolean {
  const turned = (sign: string): string => ({ '>': '<', '≥': '≤' })[sign] ?? sign;
  if (turned(a.sign) !== turned(b.sign)) return false;
  const [left, right] = [difference(a), difference(b)];
  if (left && right) return proportional(left, right, a.sign !== '=' && a.sign !== '≠');
  return sameShape(a.left, b.left) && sameShape(a.right, b.right);
}

function sameList(a: Shape & { kind: 'list' }, b: Shape & { kind: 'list' }): boolean {
  const loose = (brackets: string): boolean => ['', '{}', 'union'].includes(brackets);
  if (loose(a.brackets) && loose(b.brackets)) {
    const within = (one: Shape, others: readonly Shape[]): boolean =>
      others.some((other) => sameShape(one, other));
    return a.items.every((item) => within(item, b.items)) && b.items.every((item) => within(item, a.items));
  }
  if (!loose(a.brackets) && !loose(b.brackets) && a.brackets !== b.brackets) return false;
  return (
    a.items.length === b.items.length && a.items.every((item, i) => sameShape(item, b.items[i] as Shape))
  );
}

/** The number before one unknown unit ("12 apples"), for an answer that is a number. */
function counted(shape: Shape): Shape {
  const number = shape.kind === 'words' ? /^(-?[\d.,]*\d)\s?[a-z]+$/.exec(shape.text)?.[1] : undefined;
  return number === undefined ? shape : shapeOf(number);
}

function sameShape(one: Shape, other: Shape): boolean {
  if (one.kind === 'words' && other.kind === 'words') return one.text === other.text;
  const a = interval(counted(one));
  const b = interval(counted(other));
  if (a.kind === 'formula' && b.kind === 'formula') return sameValue(a.tree, b.tree);
  if (a.kind === 'list' && b.kind === 'list') return sameList(a, b);
  if (a.kind === 'relation' && b.kind === 'relation') return sameRelation(a, b);
  for (const [first, second] of [
    [a, b],
    [b, a],
  ] as const) {
    if (first.kind === 'relation' && first.sign === '=') {
      if (lone(first.left) !== null) return sameShape(first.right, second);
      if (lone(first.right) !== null) return sameShape(first.left, second);
      const constant = first.right.kind === 'formula' && variables(first.right.tree).size === 0;
      if (constant && first.left.kind === 'formula' && exactValue(first.left.tree))
        return sameShape(first.right, second);
      return false;
    }
    if (first.kind === 'list' && first.items.length === 1) return sameShape(first.items[0] as Shape, second);
  }
  return false;
}

/** Whether two answers state the same; both as written or in normal form. */
export function sameStatement(a: string, b: string): boolean {
  if (Math.max(a.length, b.length) > maxLength) return false;
  return sameShape(shapeOf(formulaText(a)), shapeOf(formulaText(b)));
}
