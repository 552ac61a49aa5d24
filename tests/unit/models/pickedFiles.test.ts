import { describe, expect, it } from 'vitest';
import { pickedModel } from '../../../src/models/pickedFiles';

const blob = new Blob(['x']);
const files = (...paths: string[]) => paths.map((path) => ({ path, blob }));
const paths = async (...picked: string[]) =>
  (await pickedModel(files(...picked))).files.map(({ path }) => path);
const parts = [1, 2, 3].map((i) => `m-0000${i}-of-00003.gguf`);

describe('picked files', () => {
  it('with all parts of a split GGUF are one model, in order', async () => {
    expect(await paths(parts[2]!, parts[0]!, 'README.md', parts[1]!)).toEqual(parts);
    expect(await paths('config.json', ...parts)).toEqual(parts);
  });

  it('without one of the parts name it', async () => {
    const error = { code: 'config', message: expect.stringContaining(parts[1]!) as unknown };
    await expect(pickedModel(files(parts[0]!, parts[2]!))).rejects.toMatchObject(error);
  });

  it('with several GGUF models name them', async () => {
    const error = { code: 'config', message: expect.stringContaining('a.gguf, b.gguf') as unknown };
    await expect(pickedModel(files('a.gguf', 'b.gguf'))).rejects.toMatchObject(error);
  });

  it('as a hub folder leave a GGUF in it aside', async () => {
    expect(await paths('config.json', 'model.safetensors', 'm.gguf')).toEqual([
      'config.json',
      'model.safetensors',
    ]);
  });
});
