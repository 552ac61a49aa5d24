/** Assertions: what can only fail by a mistake in the program. What a user can act on is an ArkletError (core/errors.ts). */

/** A mistake in the program. The page and the commands show it as an internal error (`asArkletError`: code `internal`). */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Fails an assertion; `message` names what was wrong and its numbers. */
export function fail(message: string): never {
  throw new AssertionError(message);
}
