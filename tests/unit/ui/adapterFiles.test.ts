/** An adapter's .zip is believed in nothing: fflate writes the archives here, the reader is ours. */
import { deflateSync, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { hashKey, uniform } from '../../../src/core/rng';
import { readAdapterFiles } from '../../../src/ui/adapterFiles';
import { crc32, unzipFiles, ZipError } from '../../../src/ui/zipFiles';

const config = new TextEncoder().encode('{"peft_type":"LORA"}');
const weights = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) >> 5);
const both = (folder = '', other: Uint8Array = weights) => ({
  [`${folder}adapter_config.json`]: config,
  [`${folder}adapter_model.safetensors`]: other,
});
const zipFile = (bytes: Uint8Array, name = 'poet.zip') => new File([new Uint8Array(bytes)], name);
const folderFile = (path: string, bytes: Uint8Array) =>
  Object.defineProperty(new File([new Uint8Array(bytes)], path.split('/').at(-1)!), 'webkitRelativePath', {
    value: path,
  });
const containing = (part: string): unknown => expect.stringContaining(part);
const refusal = (part: string) => ({ code: 'import', message: containing(part), hint: containing('') });

describe('an adapter in a .zip', () => {
  it('is refused before it is unpacked where it holds more than 100 times its size', async () => {
    const zip = zipFile(zipSync(both('', new Uint8Array(20e6)), { level: 9 }));
    expect(zip.size).toBeLessThan(30_000);
    const before = process.memoryUsage().arrayBuffers;
    await expect(readAdapterFiles([zip])).rejects.toMatchObject(refusal('100 times its size'));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });

  it.each([0, 6] as const)('is read, packed at level %d', async (level) => {
    const { name, files } = await readAdapterFiles([
      zipFile(zipSync(both('poet/'), { level }), 'poet.adapter.zip'),
    ]);
    expect(name).toBe('poet');
    expect(files).toEqual({ 'adapter_config.json': config, 'adapter_model.safetensors': weights });
  });

  it('is the outermost folder’s, not that of a checkpoint within', async () => {
    const other = weights.slice(0, 100);
    const zip = zipSync({
      ...both('a/checkpoint-9/', other),
      ...both('a/'),
      ...both('a/checkpoint-1/', other),
    });
    expect((await readAdapterFiles([zipFile(zip)])).files).toMatchObject({
      'adapter_model.safetensors': weights,
    });
  });

  it('with two checkpoints has to be said which', async () => {
    const zip = zipSync({ ...both('checkpoint-1/'), ...both('checkpoint-9/') });
    await expect(readAdapterFiles([zipFile(zip)])).rejects.toMatchObject(
      refusal('checkpoint-1/, checkpoint-9/'),
    );
  });

  it('with settings and weights of different folders is refused', async () => {
    const zip = zipSync({
      'checkpoint-1/adapter_config.json': config,
      'checkpoint-9/adapter_model.safetensors': weights,
    });
    await expect(readAdapterFiles([zipFile(zip)])).rejects.toMatchObject(refusal('different folders'));
  });

  it('is mlx_lm’s where it has its file of weights', async () => {
    const zip = zipSync({ 'm/adapter_config.json': config, 'm/adapters.safetensors': weights });
    expect((await readAdapterFiles([zipFile(zip)])).files).toEqual({
      'adapter_config.json': config,
      'adapters.safetensors': weights,
    });
  });

  it('without weights is refused', async () => {
    const zip = zipSync({ 'adapter_config.json': config });
    await expect(readAdapterFiles([zipFile(zip)])).rejects.toMatchObject(
      refusal('adapter_model.safetensors'),
    );
  });

  it.each([0, 6] as const)(
    'with any bit of the weights flipped is refused, packed at level %d',
    async (level) => {
      const zip = zipSync(both(), { level });
      const name = 'adapter_model.safetensors';
      const at = new TextDecoder('latin1').decode(zip).indexOf(name) + name.length;
      const packed = new DataView(zip.buffer).getUint32(at - name.length - 12, true);
      for (let seed = 0; seed < 60; seed++) {
        const bytes = zip.slice();
        const key = hashKey('flipped bit', seed);
        // The last byte of packed data may hold bits of no meaning.
        bytes[at + Math.floor(uniform(key, 0) * (packed - 1))]! ^= 1 << Math.floor(uniform(key, 1) * 8);
        await expect(readAdapterFiles([zipFile(bytes)])).rejects.toMatchObject(refusal('damaged'));
      }
    },
  );

  it('with any byte changed anywhere is read as it was, or refused', async () => {
    const zip = zipSync(both('a/'));
    let refused = 0;
    for (let seed = 0; seed < 500; seed++) {
      const bytes = zip.slice();
      const key = hashKey('changed byte', seed);
      bytes[Math.floor(uniform(key, 0) * bytes.length)] = Math.floor(uniform(key, 1) * 256);
      try {
        const { files } = await readAdapterFiles([zipFile(bytes)]);
        expect(files).toEqual({ 'adapter_config.json': config, 'adapter_model.safetensors': weights });
      } catch (error) {
        expect(error).toMatchObject(refusal(''));
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(250);
  });

  it('cut off anywhere is refused', async () => {
    const zip = zipSync(both());
    for (let length = 0; length < zip.length; length += 97)
      await expect(readAdapterFiles([zipFile(zip.slice(0, length))])).rejects.toMatchObject(
        refusal('poet.zip'),
      );
  });

  it('that is encrypted says so', async () => {
    const zip = zipSync(both());
    const view = new DataView(zip.buffer);
    for (let at = 0; at + 4 <= zip.length; at++) {
      if (view.getUint32(at, true) === 0x02014b50)
        view.setUint16(at + 8, view.getUint16(at + 8, true) | 1, true);
    }
    await expect(readAdapterFiles([zipFile(zip)])).rejects.toMatchObject(refusal('password'));
  });

  it('is refused before it is unpacked where it holds more than the limit', async () => {
    const paths = () => ['adapter_model.safetensors'];
    const zip = zipFile(zipSync(both('', new Uint8Array(3 << 20))));
    expect(zip.size).toBeLessThan(10_000);
    await expect(unzipFiles(zip, paths, 2 << 20)).rejects.toEqual(new ZipError('tooLarge', null));
    expect((await unzipFiles(zip, paths, 3 << 20)).get('adapter_model.safetensors')).toHaveLength(3 << 20);
  });

  it('that unpacks to more than it says is refused, and so is one that says more than it could hold', async () => {
    const zip = zipSync({ a: new Uint8Array(1 << 20) });
    const view = new DataView(zip.buffer);
    const entry = [...zip.keys()].find(
      (at) => at + 4 <= zip.length && view.getUint32(at, true) === 0x02014b50,
    )!;
    for (const size of [1000, 0x7fffffff]) {
      view.setUint32(entry + 24, size, true);
      await expect(unzipFiles(zipFile(zip), () => ['a'], 2 ** 31)).rejects.toEqual(
        new ZipError('damaged', 'a'),
      );
    }
  });

  it('of 64-bit sizes is read', async () => {
    // As Python's zipfile writes with force_zip64: sizes in the extra field of the directory.
    const data = new TextEncoder().encode('hello');
    const packed = deflateSync(data);
    const u16 = (n: number) => [n & 255, n >> 8];
    const u32 = (n: number) => [...u16(n & 65535), ...u16(n >>> 16)];
    const u64 = (n: number) => [...u32(n), ...u32(0)];
    const local = [...u32(0x04034b50), ...u16(45), ...u16(0), ...u16(8), ...u32(0), ...u32(crc32(data)), ...u32(packed.length), ...u32(5), ...u16(1), ...u16(0), 97]; // prettier-ignore
    const extra = [...u16(1), ...u16(16), ...u64(5), ...u64(packed.length)];
    const entry = [...u32(0x02014b50), ...u16(45), ...u16(45), ...u16(0), ...u16(8), ...u32(0), ...u32(crc32(data)), ...u32(0xffffffff), ...u32(0xffffffff), ...u16(1), ...u16(extra.length), ...u16(0), ...u16(0), ...u16(0), ...u32(0), ...u32(0), 97, ...extra]; // prettier-ignore
    const start = local.length + packed.length;
    const end = [...u32(0x06054b50), ...u16(0), ...u16(0), ...u16(1), ...u16(1), ...u32(entry.length), ...u32(start), ...u16(0)]; // prettier-ignore
    const zip = zipFile(Uint8Array.from([...local, ...packed, ...entry, ...end]));
    expect((await unzipFiles(zip, () => ['a'], 100)).get('a')).toEqual(new Uint8Array(data));
  });

  it('is checked by CRC-32 as PKWARE has it', () => {
    // The check value of CRC-32/ISO-HDLC: "123456789" gives cbf43926.
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });
});

describe('an adapter as a folder', () => {
  it('takes both files of the outermost folder', async () => {
    const picked = Object.entries({ ...both('poet/'), ...both('poet/checkpoint-1/', config) });
    const { name, files } = await readAdapterFiles(picked.map(([path, bytes]) => folderFile(path, bytes)));
    expect(name).toBe('poet');
    expect(files['adapter_model.safetensors']).toEqual(weights);
  });

  it('never mixes two checkpoints', async () => {
    const picked = Object.entries({ 'p/checkpoint-1/adapter_config.json': config, 'p/checkpoint-9/adapter_model.safetensors': weights }); // prettier-ignore
    const reading = readAdapterFiles(picked.map(([path, bytes]) => folderFile(path, bytes)));
    await expect(reading).rejects.toMatchObject(refusal('different folders'));
  });
});

it('a GGUF adapter is read as it is', async () => {
  const { name, files } = await readAdapterFiles([zipFile(weights, 'poet.gguf')]);
  expect([name, files]).toEqual(['poet', { 'adapter.gguf': weights }]);
});
