import { AssertionError } from '../../../src/core/assert';
import { expect, test } from 'vitest';
import { Ledger } from '../../../src/core/ledger';

test('the ledger counts by owner, remembers the peak and refuses to release what is not held', () => {
  const ledger = new Ledger();
  ledger.add('weights', 100);
  ledger.add('cache', 50);
  ledger.remove('cache', 50);
  expect([ledger.total, ledger.peak, ledger.byOwner()]).toEqual([100, 150, { weights: 100 }]);
  expect(() => ledger.remove('weights', 101)).toThrow(AssertionError);
});
