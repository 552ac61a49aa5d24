/** Changes a JSON value at random places, repeatably: other types, absurd numbers, missing and unknown keys, doubled entries. */
import { RandomStream } from '../../../src/core/rng';

const values: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e15,
  1e308,
  -1e308,
  4294967296,
  '',
  '../../models',
  '__proto__',
  '\ud800',
  'x'.repeat(5000),
  [],
  {},
  [[]],
  { a: 1 },
  [null],
];

type Place = { readonly holder: Record<string, unknown> | unknown[]; readonly key: string | number };

function places(value: unknown, found: Place[]): void {
  if (typeof value !== 'object' || value === null) return;
  const holder = value as Record<string, unknown> | unknown[];
  // Of a long list its ends: the middle is the same again.
  const keys: (string | number)[] = Array.isArray(holder)
    ? [...holder.keys()].filter((i) => i < 2 || i >= holder.length - 1)
    : Object.keys(holder);
  for (const key of keys) {
    found.push({ holder, key });
    places((holder as Record<string | number, unknown>)[key], found);
  }
}

/** A copy with one to three changes. */
export function mutated(value: unknown, seed: number): unknown {
  const copy: unknown = structuredClone(value);
  const random = new RandomStream(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)]!;
  const changes = 1 + Math.floor(3 * random.next());
  for (let change = 0; change < changes; change++) {
    const found: Place[] = [];
    places(copy, found);
    if (found.length === 0) return pick(values);
    const { holder, key } = pick(found);
    const at = holder as Record<string | number, unknown>;
    const kind = random.next();
    if (kind < 0.15) {
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete at[key];
    } else if (kind < 0.25 && Array.isArray(holder)) holder.push(structuredClone(holder[Number(key)]));
    else if (kind < 0.35 && !Array.isArray(holder))
      Object.defineProperty(holder, pick(['__proto__', 'constructor', 'toString', 'deletedAt', 'extra']), {
        value: structuredClone(pick(values)),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    else at[key] = structuredClone(pick(values));
  }
  return copy;
}
