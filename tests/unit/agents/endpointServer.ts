import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endpointAgent, type EndpointOptions } from '../../../src/agents/endpoint/endpoint';
import type { Sampling } from '../../../src/records/records';

export const sampling: Sampling = { temperature: 0.5, topP: 0.9, seed: 4294967295, maxTokens: 7 };
export const messages = [{ role: 'user' as const, content: '2 + 2?' }];

export interface Seen {
  readonly body: Record<string, unknown>;
  readonly key: string | undefined;
  readonly at: number;
}
export type Script = (response: ServerResponse, seen: Seen, call: number) => void;

let server: Server | null = null;
export function closeServer(): void {
  server?.closeAllConnections();
  server?.close();
  server = null;
}

/** A real HTTP server whose answer to each chat completion is scripted; gives an agent of it and what it received. */
export async function serving(script: Script, options: Partial<EndpointOptions> = {}) {
  const seen: Seen[] = [];
  server = createServer((request: IncomingMessage, response: ServerResponse) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const body = (text === '' ? {} : JSON.parse(text)) as Seen['body'];
      seen.push({ body, key: request.headers.authorization, at: performance.now() / 1000 });
      script(response, seen.at(-1)!, seen.length);
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return { url, seen, agent: endpointAgent({ url, model: 'm', retryDelay: 0.01, ...options }) };
}

export const chunk = (text: string, more: object = {}): string =>
  `data: ${JSON.stringify({ choices: [{ delta: { content: text }, ...more }] })}\n\n`;
export const usage = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 3 } })}\n\n`;
export const end = `${chunk('', { finish_reason: 'stop' })}${usage}data: [DONE]\n\n`;

export function stream(response: ServerResponse, ...parts: string[]): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
  for (const part of parts) response.write(part);
}

export const answer: Script = (response) => {
  stream(response, chunk('#### '), chunk('4'), end);
  response.end();
};

export function failing(status: number, body: string, headers: Record<string, string> = {}): Script {
  return (response) => response.writeHead(status, headers).end(body);
}

export async function failureOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown as Error,
  );
}
