/** Files that hold no weights say what they are; damaged headers give typed errors. */
import { describe, expect, it } from 'vitest';
import { NodeSource } from '../../../scripts/nodeSource';
import { FileFormatError, ModelError } from '../../../src/core/errors';
import { MemorySource } from '../../../src/core/fileSource';
import { hashKey, uniform } from '../../../src/core/rng';
import { openWeights } from '../../../src/lm/weightFiles';
import { containing, someText } from './fixtures';
import { casePath, ggufSource, loadTiny, safetensorsFolder, tinyGguf, tinyTensors } from './loadingGolden';

describe('a file that holds no weights', () => {
  const bytes = (...parts: (string | number[])[]) =>
    new Uint8Array(
      parts.flatMap((part) => (typeof part === 'string' ? [...new TextEncoder().encode(part)] : part)),
    );
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 269060552\n';
  const kinds: [string, Uint8Array<ArrayBuffer>, string][] = [
    ['empty', bytes(), 'empty'],
    [
      'a Git LFS pointer',
      bytes(pointer),
      `pointer of ${pointer.length} bytes that stands for a file of 269060552`,
    ],
    ['a web page', bytes('\n<!DOCTYPE html><html><body>Sign in</body></html>'), 'web page'],
    ['a web page without a doctype', bytes('<html lang="en">'.padEnd(200)), 'web page'],
    ['a server’s error', bytes('{"error":"Access to model x is restricted"}'), 'JSON text'],
    ['plain text', bytes('Entry not found and more words to fill'), 'plain text'],
    ['a PyTorch archive', bytes('PK', [3, 4], 'x'.repeat(60)), '.zip archive or a PyTorch file'],
    ['a pickle', bytes([0x80, 2, 0x8a, 10], 'l'.repeat(60)), 'pickle'],
    ['compressed', bytes([0x1f, 0x8b, 8], 'x'.repeat(60)), 'compressed'],
    ['a download of zeros', new Uint8Array(4096), 'zeros'],
  ];

  it.each(kinds)('says so in a folder: %s', async (_name, file, part) => {
    const source = safetensorsFolder([]);
    const config = await source.read('config.json', 0, await source.size('config.json'));
    const folder = new MemorySource([['config.json', config], ['model.safetensors', file]]); // prettier-ignore
    const error = { code: 'file-format', message: containing(part), hint: someText };
    await expect(loadTiny(folder)).rejects.toMatchObject(error);
  });

  it.each(kinds)('says so as a .gguf: %s', async (_name, file, part) => {
    const error = { code: 'file-format', message: containing(part), hint: someText };
    await expect(loadTiny(ggufSource(file))).rejects.toMatchObject(error);
  });

  it.each(kinds.slice(0, 4))('says so as config.json: %s', async (_name, file, part) => {
    const error = { code: 'file-format', message: containing(part), hint: someText };
    await expect(loadTiny(new MemorySource([['config.json', file]]))).rejects.toMatchObject(error);
  });

  it('says so for the shared case', async () => {
    const loading = loadTiny(await NodeSource.open(casePath('lfs-pointer', 'm')));
    await expect(loading).rejects.toMatchObject({ message: containing('Git LFS pointer of 131 bytes') });
  });

  it('is distinguished from one of the other format', async () => {
    const { values } = await tinyTensors().then((all) => ({ values: [...all.values()] }));
    const folder = safetensorsFolder(values);
    const weights = await folder.read('model.safetensors', 0, await folder.size('model.safetensors'));
    await expect(loadTiny(ggufSource(weights))).rejects.toMatchObject({
      message: containing('safetensors file'),
    });
    const config = await folder.read('config.json', 0, await folder.size('config.json'));
    const wrong = new MemorySource([['config.json', config], ['model.safetensors', await tinyGguf()]]); // prettier-ignore
    await expect(loadTiny(wrong)).rejects.toMatchObject({ message: containing('GGUF file') });
  });

  it('and a list of shards names those that are missing', async () => {
    const source = safetensorsFolder([]);
    const config = await source.read('config.json', 0, await source.size('config.json'));
    const index = {
      weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' },
    };
    const folder = new MemorySource([['config.json', config], ['model.safetensors.index.json', bytes(JSON.stringify(index))]]); // prettier-ignore
    await expect(loadTiny(folder)).rejects.toMatchObject({ message: containing('one of 2 files') });
  });
});

describe('a header with a changed byte', () => {
  it.each(['safetensors', 'gguf'])(
    'of %s gives a typed error or the same sizes, never a crash',
    async (kind) => {
      const folder = safetensorsFolder((await tinyTensors()).values());
      const config = await folder.read('config.json', 0, await folder.size('config.json'));
      const file =
        kind === 'gguf'
          ? await tinyGguf()
          : await folder.read('model.safetensors', 0, await folder.size('model.safetensors'));
      const head = kind === 'gguf' ? 2400 : 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
      const counts = { loaded: 0, refused: 0 };
      for (let seed = 0; seed < 400; seed++) {
        const key = hashKey('changed byte', seed);
        const bytes = file.slice();
        bytes[Math.floor(uniform(key, 0) * head)] = Math.floor(uniform(key, 1) * 256);
        const source =
        kind === 'gguf'
          ? ggufSource(bytes)
          : new MemorySource([['config.json', config], ['model.safetensors', bytes]]); // prettier-ignore
        try {
          await openWeights(source);
          counts.loaded += 1;
        } catch (error) {
          expect(error instanceof FileFormatError || error instanceof ModelError).toBe(true);
          counts.refused += 1;
        }
      }
      expect(counts.refused).toBeGreaterThan(100);
    },
  );
});
