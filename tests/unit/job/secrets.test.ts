/** A whole run with a marked key and a marked token, on a server that repeats what it is sent: where the two may not be. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { reportMarkdown } from '../../../src/eval/markdown';
import { packArchive, timingsJsonl, unpackArchive } from '../../../src/records/archiveFile';
import type { RunArchive } from '../../../src/records/runRecords';
import { trajectoriesJsonl } from '../../../src/records/trajectories';
import { flagsOf } from '../../../src/settings/flags';
import type { JobStore } from '../../../src/store/jobStore';
import { createMemoryStore } from '../../support/memoryStore';
import { nodeJobs, tinyJob } from '../../support/nodeJob';

const key = 'sk-markedKEY0123456789abcdef';
const token = 'hf_markedTOKEN9876543210fedcba';
const newJob = nodeJobs();

/** A text that shows ten characters of a secret in a row, as they are or in base64 or hex. */
function shown(text: string): string | null {
  const lower = text.toLowerCase();
  for (const secret of [key, token])
    for (const form of [secret, Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex')])
      for (let at = 0; at + 10 <= form.length; at++) {
        const found = lower.indexOf(form.slice(at, at + 10).toLowerCase());
        if (found >= 0) return text.slice(Math.max(0, found - 80), found + 60);
      }
  return null;
}

/** What a structured clone or a file would hold of a value, bytes as their letters. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    one instanceof Uint8Array ? Buffer.from(one).toString('latin1') : one,
  ) ?? '';

/** A store that tells all it is given. */
function watched(store: JobStore, hear: (text: string) => void): JobStore {
  return new Proxy(store, {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]): unknown => {
        const values = given.filter((one) => typeof one !== 'function' && !(one instanceof AbortSignal));
        hear(`${String(name)} ${textOf(values)}`);
        const result: unknown = Reflect.apply(member, target, given);
        // The store as a job sees it is a store too.
        return name === 'during' ? watched(result as JobStore, hear) : result;
      };
    },
  });
}

let server: Server | null = null;
const asked: string[] = [];
let answer: (response: ServerResponse, call: number) => void;

const chunk = (content: string, more: object = {}): string =>
  `data: ${JSON.stringify({ choices: [{ delta: { content }, ...more }] })}\n\n`;

/** Some replies repeat the key, whole or in base64 and in pieces; some calls fail with it first. */
const repeating: typeof answer = (response, call) => {
  if (call % 7 === 3) {
    response.writeHead(503, { 'Retry-After': '0' }).end(`busy: Bearer ${key}`);
    return;
  }
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  const secret = call % 2 === 0 ? key : Buffer.from(`key=${key}`).toString('base64');
  for (const piece of `Your key is ${secret}. `.match(/.{1,5}/g) ?? []) response.write(chunk(piece));
  response.write(chunk(`#### ${call % 9}`, { finish_reason: 'stop' }));
  response.end('data: [DONE]\n\n');
};

beforeEach(async () => {
  asked.length = 0;
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      if (request.url?.endsWith('/chat/completions') !== true) {
        response.end('{"data": []}');
        return;
      }
      asked.push(request.headers.authorization ?? '');
      answer(response, asked.length);
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  vi.restoreAllMocks();
});

async function run(): Promise<{ archive: RunArchive; said: string[] }> {
  const said: string[] = [];
  for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const)
    vi.spyOn(console, name).mockImplementation(
      (...all: unknown[]) => void said.push(textOf(all.map(String))),
    );
  const job = await newJob(watched(createMemoryStore(), (text) => said.push(text)));
  job.onEvent = (event) => void said.push(`event ${textOf(event)}`);
  const url = `http://127.0.0.1:${(server?.address() as AddressInfo).port}/v1`;
  await job.api.endpoints.setKey({ url, key });
  await job.api.endpoints.setHub({ token });
  const config = { ...tinyJob, agents: [`endpoint:${url}#m`], nAgents: 2, rounds: 1 };
  const { id } = await job.api.control.start({ config, questions: null });
  await job.coordinator.ended();
  said.push(textOf(await job.api.runs.list()), textOf(await job.api.runs.results([id])));
  return { archive: await job.api.runs.wholeArchive(id), said };
}

it('neither stands in what is stored, told to pages, logged, exported, or put into an address', async () => {
  answer = repeating;
  const { archive, said } = await run();
  expect(archive.run.error).toBeNull();
  expect(archive.report).not.toBeNull();
  expect(new Set(asked)).toEqual(new Set([`Bearer ${key}`]));
  expect(archive.turns.filter(({ reply }) => reply.includes('Your key is (key)')).length).toBeGreaterThan(20);
  const packed = unpackArchive(packArchive(archive));
  const exports = [
    textOf(archive),
    textOf(packed),
    trajectoriesJsonl(archive.turns),
    timingsJsonl(archive.timings),
    reportMarkdown(archive.report!),
    textOf([...flagsOf(archive.run.config, 'quick')]),
  ];
  // Each way in which it could leave was met.
  for (const name of ['createRun', 'putTurns', 'putReport', 'event'])
    expect(
      said.some((text) => text.startsWith(name)),
      name,
    ).toBe(true);
  for (const text of [...said, ...exports]) expect(shown(text)).toBeNull();
});

it('a run that the server refuses says so without the key', async () => {
  answer = (response) =>
    response.writeHead(401).end(JSON.stringify({ error: { message: `bad key ${key}` } }));
  const { archive, said } = await run();
  expect(archive.run.error?.message).toContain('401');
  for (const text of [...said, textOf(archive)]) expect(shown(text)).toBeNull();
});
