/** A GGUF on a server: refused by its header alone, before its weights are asked for. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeRemote } from '../../../src/models/remote';
import { checkRemoteHeader } from '../../../src/models/remoteHeader';
import { onHub } from '../../../src/specs/engine';

const golden = readFileSync(join(import.meta.dirname, '../../golden/lm/gguf/model.gguf'));
/** The same file, one tensor of which says that it is IQ2_XXS: its type follows two dimensions behind its name. */
const other = Buffer.from(golden);
const name = 'blk.0.attn_output.weight';
other.writeUInt32LE(16, other.indexOf(name) + name.length + 4 + 2 * 8);
/** Weights that nobody asks for: bytes past the header are never sent. */
const files: Readonly<Record<string, Buffer>> = {
  'good-Q4_K_M.gguf': golden,
  'plain.gguf': other,
  'none.gguf': golden,
  'short.gguf': golden,
};
let server: Server;
let endpoint: string;
let sent = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://host').pathname;
    if (path.startsWith('/api/')) {
      const names = ['x-IQ2_XXS.gguf', 'x-F16.gguf', 'x-Q8_0.gguf', 'x-Q4_K_M.gguf', ...Object.keys(files)];
      const siblings = names.map((rfilename) => ({ rfilename, size: files[rfilename]?.length ?? 10 }));
      response.end(JSON.stringify({ sha: 'a1b2', siblings }));
      return;
    }
    const body = files[path.split('/').at(-1) ?? ''];
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [];
    if (!body || path.endsWith('none.gguf') || from === undefined) {
      response.statusCode = body ? 200 : 404;
      response.end();
      return;
    }
    const end = path.endsWith('short.gguf') ? Math.min(Number(to), Number(from) + 99) : Number(to);
    const part = body.subarray(Number(from), end + 1);
    sent += part.length;
    response.statusCode = 206;
    response.end(part);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const access = () => ({ endpoint, token: null });
const described = (file: string) => describeRemote(onHub('some/model', file), { hub: access() });
const checked = async (file: string) => checkRemoteHeader(await described(file), undefined, access());

describe('a GGUF of the hub', () => {
  it('whose header can be read passes', async () => {
    await expect(checked('good-Q4_K_M.gguf')).resolves.toBeUndefined();
  });

  it('of a type that is not read is refused before its download, naming tensor, type and what to take', async () => {
    sent = 0;
    await expect(checked('plain.gguf')).rejects.toMatchObject({
      code: 'file-format',
      message: expect.stringMatching(/plain\.gguf .*blk\.0\.attn_output\.weight is IQ2_XXS/) as string,
      hint: expect.stringContaining('Q4_K_M') as string,
    });
    expect(sent).toBeLessThanOrEqual(1 << 20);
  });

  it('whose name says so is refused when it is looked up, with a file of the same place', async () => {
    await expect(described('x-IQ2_XXS.gguf')).rejects.toMatchObject({
      code: 'model',
      message: expect.stringContaining('IQ2_XXS') as string,
      hint: expect.stringContaining('hf:some/model/') as string,
    });
    await expect(described('x-IQ2_XXS.gguf')).rejects.toMatchObject({
      hint: expect.stringMatching(/Q4_K_M\.gguf instead/) as string,
    });
  });

  it('of a server without ranges, or with shorter ones, is left to the download', async () => {
    await expect(checked('none.gguf')).resolves.toBeUndefined();
    await expect(checked('short.gguf')).resolves.toBeUndefined();
  });
});
