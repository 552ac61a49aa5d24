/** Values of formulas: exact where they are rational, else complex doubles at fixed points, by which two formulas are compared. */
import { hashKey } from '../core/rng';
import type { Tree } from './expressionTree';
import { added, divided, multiplied, negated, raised, rational, toDouble, type Rational } from './rational';

/** The exact value of a formula without names, roots and functions; null where there is none. */
export function exactValue(tree: Tree): Rational | null {
  if (tree.kind === 'number') return tree.value;
  if (tree.kind === 'name') return null;
  const values: Rational[] = [];
  for (const part of tree.of) {
    const value = exactValue(part);
    if (value === null) return null;
    values.push(value);
  }
  const [a, b] = values;
  if (a === undefined) return null;
  switch (tree.name) {
    case 'neg':
      return negated(a);
    case 'abs':
      return a.above < 0n ? negated(a) : a;
    case '!':
      return a.below === 1n && a.above >= 0n && a.above <= 300n ? factorial(a.above) : null;
    case 'lfloor':
      return floor(a);
    case 'lceil':
      return negated(floor(negated(a)));
  }
  if (b === undefined) return null;
  switch (tree.name) {
    case '+':
      return added(a, b);
    case '*':
      return multiplied(a, b);
    case '/':
      return divided(a, b);
    case '^':
      if (b.below === 1n) return raised(a, b.above);
      return b.above === 1n ? exactRoot(a, b.below) : null;
    case 'binom': {
      const whole =
        a.below === 1n && b.below === 1n && b.above >= 0n && a.above >= b.above && a.above <= 300n;
      if (!whole) return null;
      return divided(
        factorial(a.above),
        multiplied(factorial(b.above), factorial(a.above - b.above)) ?? { above: 0n, below: 1n },
      );
    }
    default:
      return null;
  }
}

function factorial(of: bigint): Rational {
  let product = 1n;
  for (let i = 2n; i <= of; i++) product *= i;
  return { above: product, below: 1n };
}

function floor({ above, below }: Rational): Rational {
  const quotient = above / below;
  return { above: above % below < 0n ? quotient - 1n : quotient, below: 1n };
}

/** A root that is rational itself: \sqrt{16}, \sqrt[3]{8/27}. */
function exactRoot(of: Rational, degree: bigint): Rational | null {
  if (of.above < 0n || degree > 10n) return null;
  const near = (value: bigint): bigint | null => {
    if (String(value).length > 15) return null;
    const root = BigInt(Math.round(Number(value) ** (1 / Number(degree))));
    return root ** degree === value ? root : null;
  };
  const above = near(of.above);
  const below = near(of.below);
  return above === null || below === null ? null : rational(above, below);
}

interface Complex {
  readonly re: number;
  readonly im: number;
}

const complex = (re: number, im = 0): Complex => ({ re, im });
const product = (a: Complex, b: Complex): Complex =>
  complex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re);
const quotient = (a: Complex, b: Complex): Complex => {
  const size = b.re * b.re + b.im * b.im;
  return complex((a.re * b.re + a.im * b.im) / size, (a.im * b.re - a.re * b.im) / size);
};
const log = (a: Complex): Complex => complex(Math.log(Math.hypot(a.re, a.im)), Math.atan2(a.im, a.re));
const exp = (a: Complex): Complex =>
  complex(Math.exp(a.re) * Math.cos(a.im), a.im === 0 ? 0 : Math.exp(a.re) * Math.sin(a.im));
function power(a: Complex, b: Complex): Complex {
  if (a.re === 0 && a.im === 0) return b.re === 0 && b.im === 0 ? complex(1) : complex(0);
  if (b.im === 0 && Number.isInteger(b.re) && Math.abs(b.re) <= 12) {
    let value = complex(1);
    for (let i = 0; i < Math.abs(b.re); i++) value = product(value, a);
    return b.re < 0 ? quotient(complex(1), value) : value;
  }
  if (a.im === 0 && b.im === 0 && a.re > 0) return complex(a.re ** b.re);
  return exp(product(b, log(a)));
}

const real: Readonly<Record<string, (x: number) => number>> = {
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  cot: (x) => 1 / Math.tan(x),
  sec: (x) => 1 / Math.cos(x),
  csc: (x) => 1 / Math.sin(x),
  arcsin: Math.asin,
  arccos: Math.acos,
  arctan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  lfloor: Math.floor,
  lceil: Math.ceil,
};

const constants: Readonly<Record<string, Complex>> = {
  pi: complex(Math.PI),
  e: complex(Math.E),
  i: complex(0, 1),
  infty: complex(Infinity),
};

/** The names of a formula that stand for any number. */
export function variables(tree: Tree): ReadonlySet<string> {
  if (tree.kind === 'number') return new Set();
  if (tree.kind === 'name') return new Set(tree.name in constants ? [] : [tree.name]);
  return new Set(tree.of.flatMap((part) => [...variables(part)]));
}

/** The value with every variable at the number that its name and the point give (0.5 to 2.5). */
function valueAt(tree: Tree, point: number): Complex {
  if (tree.kind === 'number') return complex(toDouble(tree.value));
  if (tree.kind === 'name') {
    return constants[tree.name] ?? complex(0.5 + (2 * hashKey('variable', tree.name, point)) / 2 ** 32);
  }
  const [a = complex(NaN), b = complex(NaN)] = tree.of.map((part) => valueAt(part, point));
  switch (tree.name) {
    case '+':
      return complex(a.re + b.re, a.im + b.im);
    case 'neg':
      return complex(-a.re, -a.im);
    case '*':
      return product(a, b);
    case '/':
      return quotient(a, b);
    case '^':
      return power(a, b);
    case 'abs':
      return complex(Math.hypot(a.re, a.im));
    case 'ln':
    // math-verify, as sympy, takes a logarithm without a base as the natural one.
    // falls through
    case 'log':
      return log(a);
    case 'exp':
      return exp(a);
    default: {
      const exact = exactValue(tree);
      if (exact) return complex(toDouble(exact));
      const of = real[tree.name];
      return of && Math.abs(a.im) < 1e-12 ? complex(of(a.re)) : complex(NaN);
    }
  }
}

const points = [1, 2, 3, 4];

function near(a: Complex, b: Complex, tolerance: number): boolean {
  if (a.re === b.re && a.im === b.im) return true;
  const distance = Math.hypot(a.re - b.re, a.im - b.im);
  return distance <= tolerance && Number.isFinite(distance);
}

/**
 * Whether two formulas have one value. Rational ones exactly; other constants to six decimals, as math-verify rounds them;
 * formulas with variables by their values at four fixed points.
 */
export function sameValue(a: Tree, b: Tree): boolean {
  const exact = [exactValue(a), exactValue(b)] as const;
  if (exact[0] && exact[1]) return exact[0].above === exact[1].above && exact[0].below === exact[1].below;
  const constant = variables(a).size === 0 && variables(b).size === 0;
  if (constant) return near(valueAt(a, 0), valueAt(b, 0), 5e-7);
  return points.every((point) => {
    const [left, right] = [valueAt(a, point), valueAt(b, point)];
    return near(left, right, 1e-9 * Math.max(1, Math.hypot(left.re, left.im)));
  });
}

/** Whether the first formula is a constant multiple of the second (positive where `positive`), and neither is zero. */
export function proportional(a: Tree, b: Tree, positive: boolean): boolean {
  const ratios = points.map((point) => quotient(valueAt(a, point), valueAt(b, point)));
  const first = ratios[0] ?? complex(NaN);
  if (!Number.isFinite(first.re) || Math.abs(first.im) > 1e-9 || Math.abs(first.re) < 1e-9) return false;
  if (positive && first.re < 0) return false;
  return ratios.every((ratio) => near(ratio, first, 1e-9 * Math.max(1, Math.abs(first.re))));
}
