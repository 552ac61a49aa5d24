import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { ImportError } from '../../src/core/errors';
import { trajectoriesJsonl } from '../../src/records/trajectories';
import { packArchive, readArchive } from '../../src/ui/archiveFile';
import { zipFiles } from '../../src/ui/exports';
import { makeArchive } from './fixtures/archive';

const archive = makeArchive(6);
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const packed = async (): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await (await packArchive(archive)).arrayBuffer());

describe('a run as a file', () => {
  it('is the same run after packing and reading', async () => {
    expect(await readArchive(await packed())).toEqual(archive);
  });

  it('may be plain JSON too', async () => {
    expect(await readArchive(bytesOf(JSON.stringify(archive)))).toEqual(archive);
  });

  it.each([
    ['a truncated gzip', async () => (await packed()).slice(0, 200), /damaged/],
    ['a picture', async () => new Uint8Array([0x89, 0x50, 0x4e, 0x47]), /neither gzip nor JSON/],
    ['other JSON', async () => bytesOf('{"format": "something"}'), /format/],
    ['a later version', async () => bytesOf(JSON.stringify({ ...archive, version: 3 })), /version/],
    ['lists in lists without end', async () => bytesOf('['.repeat(100_000)), /deep/],
    [
      'little that grows to gigabytes',
      async () => {
        const blanks = new Blob(Array.from({ length: 120 }, () => new Uint8Array(1e6).fill(32))).stream();
        const zipped = blanks.pipeThrough(new CompressionStream('gzip'));
        return new Uint8Array(await new Response(zipped).arrayBuffer());
      },
      /more than 100 times/,
    ],
    ['turns that are no list', async () => bytesOf(JSON.stringify({ ...archive, turns: 3 })), /turns/],
  ])('is refused with its reason when it is %s', async (_, make, reason) => {
    const error: unknown = await readArchive(await make()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ImportError);
    expect((error as ImportError).message).toMatch(reason);
  });
});

describe('exports', () => {
  it('write a turn per line, sorted by question, round and agent', () => {
    const [first] = archive.turns;
    // An answer of the student under evaluation is no trajectory.
    const answered = { ...first!, protocol: 'eval:base' };
    const lines = trajectoriesJsonl([answered, ...archive.turns].reverse())
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(archive.turns.length);
    const places = lines.map((line) => {
      const { questionId, round, agent } = JSON.parse(line) as (typeof archive.turns)[number];
      return `${questionId} ${round} ${agent}`;
    });
    expect(places).toEqual([...places].sort());
  });

  it('zip the files of an adapter unchanged', async () => {
    const files = {
      'adapter_config.json': bytesOf('{}'),
      'adapter_model.safetensors': new Uint8Array([1, 2, 3]),
    };
    const zip = await zipFiles(files);
    const back = unzipSync(new Uint8Array(await zip.arrayBuffer()));
    expect(Object.keys(back).sort()).toEqual(Object.keys(files));
    expect([...back['adapter_model.safetensors']!]).toEqual([1, 2, 3]);
  });
});
