/** Exact numbers: reduced fractions of big integers. */

export interface Rational {
  readonly above: bigint;
  /** Positive. */
  readonly below: bigint;
}

/** Longest number that is computed with, in digits; longer ones are read as no number. */
export const maxDigits = 1000;
const maxExponent = 1000;

const size = (value: bigint): bigint => (value < 0n ? -value : value);
const limit = 10n ** BigInt(4 * maxDigits);

/** A reduced fraction; null for a division by zero or a number beyond every use. */
export function rational(above: bigint, below = 1n): Rational | null {
  if (below === 0n || size(above) > limit || size(below) > limit) return null;
  let a = size(above);
  let b = size(below);
  while (b !== 0n) [a, b] = [b, a % b];
  const divisor = (a === 0n ? 1n : a) * (below < 0n ? -1n : 1n);
  return { above: above / divisor, below: below / divisor };
}

/** Plain digits with at most one point: "12", "1.50", ".5". */
export function decimalRational(digits: string): Rational | null {
  if (digits.length > maxDigits) return null;
  const [whole = '', part = ''] = digits.split('.');
  return rational(BigInt(`0${whole}${part}`), 10n ** BigInt(part.length));
}

export const added = (a: Rational, b: Rational): Rational | null =>
  rational(a.above * b.below + b.above * a.below, a.below * b.below);

export const negated = (a: Rational): Rational => ({ above: -a.above, below: a.below });

export const multiplied = (a: Rational, b: Rational): Rational | null =>
  rational(a.above * b.above, a.below * b.below);

export const divided = (a: Rational, b: Rational): Rational | null =>
  rational(a.above * b.below, a.below * b.above);

/** A whole power; null where the result is out of all proportion. */
export function raised(base: Rational, exponent: bigint): Rational | null {
  const times = size(exponent);
  if (times > BigInt(maxExponent)) return null;
  const length = String(size(base.above)).length + String(base.below).length;
  if (BigInt(length) * times > BigInt(4 * maxDigits)) return null;
  const above = base.above ** times;
  const below = base.below ** times;
  return exponent < 0n ? rational(below, above) : rational(above, below);
}

/** The nearest double, also where both parts are beyond its range. */
export function toDouble({ above, below }: Rational): number {
  const excess = Math.max(String(size(above)).length, String(below).length) - 300;
  if (excess <= 0) return Number(above) / Number(below);
  const scale = 10n ** BigInt(excess);
  return Number(above / scale) / Number(below / scale);
}

/** Normal form: an integer, a finite decimal without trailing zeros, else a reduced fraction ("1/3"). */
export function writtenRational({ above, below }: Rational): string {
  const sign = above < 0n ? '-' : '';
  const top = size(above);
  if (below === 1n) return `${sign}${top}`;
  let rest = below;
  let digits = 0;
  let scale = 1n;
  while (rest % 2n === 0n) rest /= 2n;
  while (rest % 5n === 0n) rest /= 5n;
  if (rest !== 1n) return `${sign}${top}/${below}`;
  while (scale % below !== 0n) {
    scale *= 10n;
    digits++;
  }
  const units = String((top * scale) / below).padStart(digits + 1, '0');
  return `${sign}${units.slice(0, -digits)}.${units.slice(-digits)}`;
}
