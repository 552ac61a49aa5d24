import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { endpointModels } from '../../../src/agents/endpoint/models';

let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serving(answer: (response: ServerResponse, key: string | undefined) => void): Promise<string> {
  server = createServer((request, response) => {
    if (request.url === '/v1/models') answer(response, request.headers.authorization);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server?.address() as AddressInfo).port}`;
}
const json = (response: ServerResponse, body: unknown): void =>
  void response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));

describe('the models of a server', () => {
  it('are listed by name, asked with the key', async () => {
    const keys: (string | undefined)[] = [];
    const url = await serving((response, key) => {
      keys.push(key);
      json(response, { object: 'list', data: [{ id: 'qwen3' }, { id: 'llama', owned_by: 'x' }] });
    });
    expect(await endpointModels(`${url}/v1/`, 'secret')).toEqual(['llama', 'qwen3']);
    expect(keys).toEqual(['Bearer secret']);
  });

  it.each([
    ['is no address', 'localhost:9', /^"localhost:9" is not the address of a server/],
    ['does not answer', 'http://127.0.0.1:9/v1', /^http:\/\/127\.0\.0\.1:9\/v1 did not answer/],
  ])('of what %s are refused in words', async (_, url, words) => {
    await expect(endpointModels(url, null)).rejects.toThrow(words);
  });

  it('are refused where the path is wrong, the key is lacking, or something else answers', async () => {
    const url = await serving((response) => void response.writeHead(401).end());
    await expect(endpointModels(`${url}/v1`, null)).rejects.toThrow(/wants a key/);
    await expect(endpointModels(url, null)).rejects.toThrow(/no list of models \(it answered 404\)/);
    server?.close();
    const other = await serving((response) => void response.end('<!doctype html>'));
    await expect(endpointModels(`${other}/v1`, null)).rejects.toThrow(/not with a list of models/);
  });
});
