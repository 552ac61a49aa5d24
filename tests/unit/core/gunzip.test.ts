import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { gunzipText } from '../../../src/core/gunzip';

const packed = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(gzipSync(bytes, { level: 9 }));

it('gives back what was packed, letters of several bytes on the border of two pieces too', async () => {
  const text = `a${'é世🙂'.repeat(50_000)}`;
  expect(await gunzipText(packed(new TextEncoder().encode(text)))).toBe(text);
});

it('ends an unpacking beyond its limit with the reason, and one of 100 times its size from 8 MB on', async () => {
  const blanks = packed(new Uint8Array(70e6).fill(32));
  await expect(gunzipText(blanks, 1e6)).rejects.toMatchObject({
    code: 'import',
    message: expect.stringContaining('holds more than 1.0 MB') as string,
  });
  await expect(gunzipText(blanks)).rejects.toMatchObject({
    code: 'import',
    message: expect.stringContaining('more than 100 times') as string,
  });
});
