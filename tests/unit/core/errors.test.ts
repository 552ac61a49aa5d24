import { expect, test } from 'vitest';
import {
  ArkletError,
  asArkletError,
  ConfigError,
  errorFromData,
  InterruptedError,
} from '../../../src/core/errors';

test('an error crosses a worker as data and comes back as the same class', () => {
  const sent = new ConfigError('steps is -3; it must be 1 to 100000.', 'Give a positive number.', {
    details: { steps: -3 },
  });
  const received = errorFromData(structuredClone(sent.toData()));
  expect(received).toBeInstanceOf(ConfigError);
  expect(received.toData()).toEqual(sent.toData());
});

test('an abort is an interruption, anything unknown keeps its message and its cause', () => {
  expect(asArkletError(new DOMException('x', 'AbortError'))).toBeInstanceOf(InterruptedError);
  const cause = new Error('boom');
  const wrapped = asArkletError(cause);
  expect(wrapped).toBeInstanceOf(ArkletError);
  expect([wrapped.code, wrapped.message, wrapped.cause]).toEqual(['internal', 'boom', cause]);
});
