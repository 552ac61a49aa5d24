/** `endpoint` against a real OpenAI-compatible server: transformers' own, with SmolLM2 on the CPU. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endpointAgent } from '../../src/agents/endpoint/endpoint';
import { personaPresets } from '../../src/settings/personas';
import { trajectoriesJsonl } from '../../src/records/trajectories';
import { startServer } from '../../scripts/lib/server.mjs';
import { openNodeJob } from '../support/nodeJob';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { makeTinyConfig } from '../support/makeConfig';

const root = join(import.meta.dirname, '../..');
const folder = join(root, '.cache/smollm2-hf');
const python = process.env['ARKLET_PYTHON'] ?? join(root, '.cache/venv/bin/python');
const work = mkdtempSync(join(tmpdir(), 'arklet-endpoint-'));

let server: ChildProcess;
let url = '';

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

beforeAll(async () => {
  const fetched = spawnSync(python, [join(root, 'scripts/oracle/fetch-smollm2.py')], { encoding: 'utf8' });
  expect(fetched.status, fetched.stderr).toBe(0);
  const port = await freePort();
  url = `http://127.0.0.1:${port}/v1`;
  const run = 'from transformers.cli.transformers import main; main()';
  const args = ['serve', folder, '--device', 'cpu', '--port', String(port)];
  let log = '';
  server = spawn(python, ['-c', run, ...args], { env: { ...process.env, HF_HUB_OFFLINE: '1' } });
  server.stderr?.on('data', (text: Buffer) => (log = (log + text.toString()).slice(-2000)));
  server.stdout?.on('data', (text: Buffer) => (log = (log + text.toString()).slice(-2000)));
  for (let tries = 0; ; tries++) {
    const up = await fetch(`${url}/models`).catch(() => null);
    // Without a cache of the hub its list of models is an error; it answers all the same.
    if (up) return;
    if (tries > 500 || server.exitCode !== null) throw new Error(`The server did not start: ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
});
afterAll(() => {
  server.kill('SIGKILL');
  rmSync(work, { recursive: true, force: true });
});

const messages = [{ role: 'user' as const, content: 'What is 2 + 3? End with "####" and the number.' }];

describe('an endpoint agent of a real server with SmolLM2', () => {
  it('streams a reply with its usage, and the same one greedily again', async () => {
    const agent = endpointAgent({ url, model: folder });
    await agent.load({});
    const sampling = { temperature: 0, topP: 1, seed: 5, maxTokens: 12 };
    const heard: string[] = [];
    const first = await agent.generate({ messages, sampling }, { onText: (text) => heard.push(text) });
    expect(first.text.length).toBeGreaterThan(3);
    expect(heard.length).toBeGreaterThan(2);
    expect(heard.join('')).toBe(first.text);
    expect(first).toMatchObject({ finishReason: 'stop', logprobKind: null });
    expect(first.usage.completion).toBeGreaterThan(3);
    expect(first.usage.completion).toBeLessThanOrEqual(12);
    expect(first.usage.prompt).toBeGreaterThan(20);
    expect((await agent.generate({ messages, sampling }, {})).text).toBe(first.text);
  });

  it('stops in the middle and answers the next', async () => {
    const agent = endpointAgent({ url, model: folder });
    const sampling = { temperature: 0, topP: 1, seed: 5, maxTokens: 200 };
    const stop = new AbortController();
    const aborted = await agent.generate(
      { messages, sampling },
      { signal: stop.signal, onText: () => stop.abort() },
    );
    expect(aborted.finishReason).toBe('aborted');
    const next = await agent.generate({ messages, sampling: { ...sampling, maxTokens: 3 } }, {});
    expect(next.usage.completion).toBe(3);
  });

  it('debates in one run with our engine and a recording, and each turn names what spoke', async () => {
    const tiny = makeTinyConfig({
      trainQuestions: 2,
      validationQuestions: 0,
      testQuestions: 1,
      rounds: 1,
      steps: 1,
      batch: 1,
      maxTokens: 10,
      selfCheck: false,
      nAgents: 1,
      agents: ['agent-a'],
    });
    const job = await openNodeJob();
    const files = await startServer({ root: work });
    try {
      const alone = await job.coordinator.start(tiny, null);
      await job.coordinator.ended();
      const { turns: recorded } = await job.api.runs.archive(alone.id);
      writeFileSync(join(work, 'debate.jsonl'), trajectoriesJsonl(recorded));
      const mixed = await job.coordinator.start(
        {
          ...tiny,
          nAgents: 3,
          agents: ['agent-b', `recorded:${files.url}debate.jsonl`, `endpoint:${url}#${folder}`],
          personas: personaPresets.complementary,
        },
        null,
      );
      await job.coordinator.ended();
      const { run, turns, report } = await job.api.runs.archive(mixed.id);
      expect(run.error).toBeNull();
      const debate = turns.filter(({ protocol }) => protocol === 'debate');
      expect(debate).toHaveLength(3 * 3 * 2);
      const kinds = (agent: number) => [
        ...new Set(
          debate.filter((turn) => turn.agent === agent).map((turn) => `${turn.backend} ${turn.model}`),
        ),
      ];
      const host = new URL(url).host;
      expect([kinds(0), kinds(1), kinds(2)]).toEqual([
        ['engine agent-b'],
        ['recorded agent-a'],
        [`endpoint ${folder}@${host}`],
      ]);
      expect(debate.filter(({ finishReason }) => finishReason === 'error')).toEqual([]);
      const spoken = debate.find(({ agent, round }) => agent === 2 && round === 1)!;
      expect(spoken.messages[0]).toEqual({
        role: 'system',
        content: personaPresets.complementary[2]!.system,
      });
      expect(spoken.sampling.temperature).toBe(personaPresets.complementary[2]!.temperature);
      expect(report?.repeatable).toBe('settings');
      expect(report?.agents?.map(({ backend, persona }) => [backend, persona])).toEqual([
        ['engine', 'Planner'],
        ['recorded', 'Calculator'],
        ['endpoint', 'Explorer'],
      ]);
      expect(report?.hosts).toContain(host);
    } finally {
      await files.close();
      await job.close();
    }
  });
});
