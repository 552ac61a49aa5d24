/** Jinja2's tests (`is ...`). */
import { TemplateError, runtime, type Budget } from './errors';
import { bind, intArgument } from './methods';
import { compare, contains } from './operators';
import {
  Float, Function, Markup, Range, Thing, Tuple, Undefined, View, Stream, equal, fail, numberOf, str, textOf, typeName,
  type CallArguments, type Value,
} from './values'; // prettier-ignore

type Test = (value: Value, args: CallArguments, budget: Budget) => boolean;

const two =
  (operator: string): Test =>
  (value, args, budget) =>
    compare(operator, value, bind(operator, args, ['other'], 1)[0]!, budget);
const whole = (value: Value): number => {
  if (value instanceof Undefined) return fail(value);
  const number = numberOf(value);
  if (number === null) throw runtime(`unsupported operand type(s) for %: '${typeName(value)}' and 'int'`);
  return number;
};
const floorMod = (a: number, b: number): number => a - b * Math.floor(a / b);
const iterable = (value: Value): boolean =>
  textOf(value) !== null || Array.isArray(value) || [Map, Tuple, View, Range, Stream, Undefined].some((type) => value instanceof type); // prettier-ignore

const tests: Readonly<Record<string, Test>> = {
  boolean: (value) => typeof value === 'boolean',
  callable: (value) =>
    value instanceof Function ||
    value instanceof Undefined ||
    (value instanceof Thing && value.call !== null),
  defined: (value) => !(value instanceof Undefined),
  divisibleby: (value, args) => floorMod(whole(value), intArgument('divisibleby', bind('divisibleby', args, ['num'], 1)[0], 1)) === 0, // prettier-ignore
  escaped: (value) => value instanceof Markup,
  even: (value) => floorMod(whole(value), 2) === 0,
  false: (value) => value === false,
  float: (value) => value instanceof Float,
  in: (value, args, budget) => contains(value, bind('in', args, ['seq'], 1)[0]!, budget),
  integer: (value) => typeof value === 'number',
  iterable,
  lower: (value) => /\p{Ll}/u.test(str(value)) && !/[\p{Lu}\p{Lt}]/u.test(str(value)),
  mapping: (value) => value instanceof Map,
  none: (value) => value === null,
  number: (value) => numberOf(value) !== null,
  odd: (value) => floorMod(whole(value), 2) === 1,
  sameas: (value, args) => {
    const other = bind('sameas', args, ['other'], 1)[0]!;
    return (
      value === other ||
      (typeName(value) === typeName(other) && textOf(value) !== null && equal(value, other))
    );
  },
  sequence: (value) =>
    textOf(value) !== null || Array.isArray(value) || [Map, Tuple, Range, Undefined].some((type) => value instanceof type), // prettier-ignore
  string: (value) => textOf(value) !== null,
  true: (value) => value === true,
  undefined: (value) => value instanceof Undefined,
  upper: (value) => /\p{Lu}/u.test(str(value)) && !/[\p{Ll}\p{Lt}]/u.test(str(value)),
};
const comparisons: Readonly<Record<string, string>> = {
  eq: '==', equalto: '==', '==': '==', ne: '!=', '!=': '!=', gt: '>', greaterthan: '>', '>': '>',
  ge: '>=', '>=': '>=', lt: '<', lessthan: '<', '<': '<', le: '<=', '<=': '<=',
}; // prettier-ignore

export function callTest(name: string, value: Value, args: CallArguments, budget: Budget): boolean {
  const operator = Object.hasOwn(comparisons, name) ? comparisons[name] : undefined;
  const test = operator !== undefined ? two(operator) : Object.hasOwn(tests, name) ? tests[name] : undefined;
  if (!test) throw new TemplateError('syntax', `No test named '${name}'.`);
  return test(value, args, budget);
}
