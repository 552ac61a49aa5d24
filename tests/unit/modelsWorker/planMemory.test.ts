import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../../scripts/lib/server.mjs';
import type { StaticServer } from '../../../scripts/lib/server.mjs';
import type { MachineFacts } from '../../../src/models/memoryPlan';
import { planRun } from '../../../src/modelsWorker/planMemory';
import { openAccess } from '../../../src/models/hub';
import { makeConfig } from '../../support/makeConfig';

const machine: MachineFacts = {
  backend: 'cpu',
  deviceMemory: 8,
  maxBufferBytes: null,
  features: [],
  mobile: false,
  budget: null,
  held: null,
};
let server: StaticServer;
beforeAll(async () => {
  server = await startServer({ root: resolve('public') });
});
afterAll(() => server.close());

describe('the memory plan of what a run names', () => {
  it('counts a persona’s own model, and names those whose size is not known', async () => {
    const config = makeConfig({
      agents: ['agent-a'],
      nAgents: 6,
      personas: [
        { name: 'own', model: 'agent-b' },
        { name: 'picked', model: 'webllm:local:Tiny' },
        { name: 'elsewhere', model: 'transformers:https://models.invalid/one/' },
        { name: 'served', model: 'endpoint:http://localhost:9/v1#m' },
        { name: 'misspelt', model: 'endpoint:localhost:9#m' },
        { name: 'plain' },
      ],
    });
    const { phases, unknown } = await planRun(config, machine, {
      base: server.url,
      library: () => Promise.reject(new Error('no storage is needed')),
      webllm: async () => [],
      findWebllm: async () => null,
      hub: openAccess,
      shapes: new Map(),
      sizes: new Map(),
      threads: 1,
    });
    const weights = phases[0]?.items.filter(({ kind }) => kind === 'weights').map(({ model }) => model);
    expect(weights).toEqual(['agent-b', 'agent-a', 'student']);
    expect(unknown).toEqual([
      'webllm:local:Tiny (no storage is needed)',
      'transformers:https://models.invalid/one/',
      'endpoint:localhost:9#m ("localhost:9" is not the address of a server.)',
    ]);
  });
});
