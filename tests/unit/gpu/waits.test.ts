import { describe, expect, it } from 'vitest';
import { DeviceLostError } from '../../../src/core/errors';
import { openDevice } from '../../../src/gpu/device';
import { Waits } from '../../../src/gpu/waits';
import { CountingGpu } from '../../support/countingGpu/countingGpu';

describe('a device that is waited for', () => {
  it('and answers nothing is given up as lost, and so is all that waits later', async () => {
    const waits = new Waits(await openDevice(new CountingGpu().gpu), { looks: 3, every: 20 });
    const never = new Promise<string>(() => undefined);
    const both = await Promise.allSettled([waits.for(never), waits.for(never)]);
    for (const one of both) {
      expect(one.status === 'rejected' && one.reason).toBeInstanceOf(DeviceLostError);
      expect(one.status === 'rejected' && String(one.reason)).toContain('has not answered');
    }
    await expect(waits.for(never)).rejects.toBeInstanceOf(DeviceLostError);
  });

  it('is patient while other answers come', async () => {
    const waits = new Waits(await openDevice(new CountingGpu().gpu), { looks: 4, every: 20 });
    const slow = waits.for(new Promise((resolve) => setTimeout(resolve, 300, 'late')));
    for (let i = 0; i < 12; i++) await waits.for(new Promise((resolve) => setTimeout(resolve, 20)));
    expect(await slow).toBe('late');
  });
});
