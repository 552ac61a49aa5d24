import { expect, it } from 'vitest';
import { withLoadRate, type LoadRateProgress } from '../../../src/job/loadRate';

it('gives speed and time left of a download that counts bytes, and of nothing else', () => {
  const told: LoadRateProgress[] = [];
  let now = 0;
  const tell = withLoadRate(
    (progress) => told.push(progress),
    () => now,
  );
  const at = (seconds: number, loaded: number, total = 90e6): void => {
    now = 1000 * seconds;
    tell({ phase: 'download', loaded, total });
  };
  at(0, 0);
  at(1, 10e6);
  at(2, 30e6);
  expect(told.map(({ bytesPerSecond, secondsLeft }) => [bytesPerSecond, secondsLeft])).toEqual([
    [null, null],
    [10e6, 8],
    [15e6, 4],
  ]);
  // A loader without bytes counts to 1.
  at(3, 0.5, 1);
  tell({ phase: 'compile', loaded: 20, total: 40 });
  expect(told.slice(3).every((one) => one.bytesPerSecond === null && one.secondsLeft === null)).toBe(true);
  expect(told.at(-1)).toMatchObject({ phase: 'compile', loaded: 20, total: 40 });
});
