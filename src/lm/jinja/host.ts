/** What filters and tests are given of the interpreter. */
import type { Budget } from './errors';
import type { CallArguments, Value } from './values';

/** What filters need of the interpreter. */
export interface Host {
  readonly budget: Budget;
  filter(name: string, value: Value, args: CallArguments): Value;
  test(name: string, value: Value, args: CallArguments): boolean;
  /** An attribute or method of Python's, never an item. */
  own(value: Value, name: string): Value;
  item(value: Value, key: Value): Value;
}
