/** A deterministic distance between two worked solutions: structure first (operations and results), wording second. */
import { equationsIn } from '../tasks/stepChecker';

/** The equations of a solution in order, each as its operators and its result: "+ 21", "* 12". */
export function operations(text: string): readonly string[] {
  return equationsIn(text).map(({ terms, result }) => {
    const operators = terms.filter((_, i) => i % 2 === 1);
    return `${operators.join('')} ${result}`;
  });
}

/** Edit distance (insert, delete, replace: 1 each) as a share of the longer sequence, 0 to 1. */
export function sequenceDistance(a: readonly string[], b: readonly string[]): number {
  const longest = Math.max(a.length, b.length);
  if (longest === 0) return 0;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return (row[b.length] ?? 0) / longest;
}

/** Runs of five tokens (words, numbers, signs); a shorter text is one run. */
export function fiveGrams(text: string): ReadonlySet<string> {
  const tokens = text.toLowerCase().match(/\p{L}+|\d+(?:\.\d+)?|\S/gu) ?? [];
  const grams = new Set<string>();
  for (let i = 0; i + 5 <= tokens.length; i++) grams.add(tokens.slice(i, i + 5).join(' '));
  if (grams.size === 0) grams.add(tokens.join(' '));
  return grams;
}

/** 1 - |A and B| / |A or B|. */
export function jaccardDistance(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let both = 0;
  for (const gram of a) if (b.has(gram)) both++;
  return 1 - both / (a.size + b.size - both);
}

/** A solution made ready for comparing. */
export interface Shape {
  readonly operations: readonly string[];
  readonly grams: ReadonlySet<string>;
}

export function shapeOf(text: string): Shape {
  return { operations: operations(text), grams: fiveGrams(text) };
}

/** Distance of two solutions: wording decides only between pairs of equal structure (they compare like a pair of digits). */
export interface Distance {
  readonly structure: number;
  readonly wording: number;
}

export function distance(a: Shape, b: Shape): Distance {
  return {
    structure: sequenceDistance(a.operations, b.operations),
    wording: jaccardDistance(a.grams, b.grams),
  };
}

/** Negative when a is nearer than b. */
export function compareDistances(a: Distance, b: Distance): number {
  return a.structure - b.structure || a.wording - b.wording;
}

/** The same operations and results in nearly the same words (5-gram Jaccard similarity of 0.8 or more). */
export function isNearDuplicate({ structure, wording }: Distance): boolean {
  return structure === 0 && wording <= 0.2;
}
