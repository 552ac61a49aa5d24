import { expect, it } from 'vitest';
import { firstReload } from '../../../src/ui/shell/isolation';

/** A tab's storage that holds what it is told. */
function storage(): Storage {
  const held = new Map<string, string>();
  return {
    getItem: (key: string) => held.get(key) ?? null,
    setItem: (key: string, value: string) => void held.set(key, value),
  } as Storage;
}

it('a tab is reloaded once by itself', () => {
  const tab = storage();
  expect([1, 2, 3].map(() => firstReload(() => tab))).toEqual([true, false, false]);
});

it('a tab that cannot remember it is never reloaded by itself', () => {
  const blocked = (): Storage => {
    throw new DOMException('blocked', 'SecurityError');
  };
  const forgetful = { ...storage(), getItem: () => null } as Storage;
  expect([firstReload(blocked), firstReload(() => forgetful)]).toEqual([false, false]);
});
