import { describe, expect, test } from 'vitest';
import { Gate } from '../../../src/core/gate';

/** Whether a promise settles before the next turn of the event loop. */
async function settles(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  void promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  await new Promise((resolve) => setTimeout(resolve, 0));
  return settled;
}

describe('the gate', () => {
  test('lets everything pass until it is paused, and again after unpause', async () => {
    const gate = new Gate();
    expect(await settles(gate.pass())).toBe(true);
    gate.pause();
    const waiting = [gate.pass(), gate.pass()];
    expect(await settles(Promise.race(waiting))).toBe(false);
    gate.unpause();
    expect(await settles(Promise.all(waiting).then(() => undefined))).toBe(true);
  });

  test('a step lets one through: who waits longest, or who asks next', async () => {
    const gate = new Gate();
    gate.pause();
    const first = gate.pass();
    const second = gate.pass();
    gate.step();
    expect([await settles(first), await settles(second)]).toEqual([true, false]);
    gate.step();
    gate.step();
    expect(await settles(second)).toBe(true);
    expect(await settles(gate.pass())).toBe(true);
    expect(await settles(gate.pass())).toBe(false);
  });

  test('an abort takes a waiter out of the line, so that no step is spent on it', async () => {
    const gate = new Gate();
    gate.pause();
    const stop = new AbortController();
    const gone = gate.pass(stop.signal);
    const next = gate.pass();
    stop.abort();
    await expect(gone).rejects.toMatchObject({ code: 'interrupted' });
    gate.step();
    expect(await settles(next)).toBe(true);
    await expect(gate.pass(stop.signal)).rejects.toMatchObject({ code: 'interrupted' });
  });
});
