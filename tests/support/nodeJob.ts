import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import { afterEach, expect } from 'vitest';
import type { Backend } from '../../src/compute/ops';
import { createWasmBackend } from '../../src/compute/wasmBackend';
import { GpuUnavailableError, WorkerError } from '../../src/core/errors';
import type { JobApi, JobProtocol } from '../../src/wire/jobApi';
import type { JobEvent } from '../../src/wire/jobEvents';
import type { RunConfig } from '../../src/settings/config';
import { RpcClient, serve } from '../../src/rpc/rpc';
import { Coordinator } from '../../src/coordinator/coordinator';
import type { CoordinatorParts } from '../../src/coordinator/coordinatorParts';
import { jobApi } from '../../src/coordinator/jobClient';
import { openServices } from '../../src/coordinator/services';
import { EngineClient } from '../../src/engine/engineClient';
import type { EngineProtocol } from '../../src/engine/engineProtocol';
import { EngineService } from '../../src/engine/engineService';
import { openModelSource } from '../../src/models/modelSource';
import type { JobStore } from '../../src/store/jobStore';
import { startServer } from '../../scripts/lib/server.mjs';
import { createMemoryStore } from './memoryStore';
import { makeTinyConfig } from './makeConfig';

// A batch of 64 requests listens to one signal; Node warns from 11 on.
setMaxListeners(0);

/** The product's own coordinator and engine in Node: WASM kernels, the bundled models over HTTP, a store in memory. */
export interface NodeJob {
  readonly coordinator: Coordinator;
  /** What a page holds: every other request, over a port. */
  readonly api: JobApi;
  readonly store: JobStore;
  readonly events: JobEvent[];
  /** Called at each event. */
  onEvent: (event: JobEvent) => void;
  /** What an engine's worker that dies does to its calls. */
  killEngine(): void;
  /** From here on the engine in hand answers nothing. */
  muteEngine(): void;
  close(): Promise<void>;
}

export async function openNodeJob(
  store: JobStore = createMemoryStore(),
  makeBackend: () => Promise<Backend> = () => createWasmBackend(),
  parts: Partial<Pick<CoordinatorParts, 'patience' | 'room' | 'makers'>> = {},
): Promise<NodeJob> {
  const server = await startServer({ root: resolve('public') });
  const channels: MessageChannel[] = [];
  const events: JobEvent[] = [];
  const { coordinator, handlers } = openServices({
    ...parts,
    store,
    locks: null,
    base: server.url,
    version: 'test',
    emit: (event) => {
      events.push(event);
      job.onEvent(event);
    },
    openEngine: () => {
      const channel = new MessageChannel();
      channels.push(channel);
      const service = new EngineService({
        webgpu: () => Promise.reject(new GpuUnavailableError('No WebGPU in this test.', 'None needed.')),
        wasm: makeBackend,
        threads: 1,
        openSource: openModelSource,
      });
      serve<EngineProtocol>(channel.port2, service.handlers());
      const client = new RpcClient<EngineProtocol>(channel.port1);
      job.killEngine = () => client.close(new WorkerError('The engine worker failed: test.', 'Resume.'));
      job.muteEngine = () => channel.port2.close();
      return new EngineClient(client);
    },
  });
  const port = new MessageChannel();
  channels.push(port);
  serve<JobProtocol>(port.port2, handlers);
  const job: NodeJob = {
    store,
    events,
    coordinator,
    api: jobApi(new RpcClient<JobProtocol>(port.port1)),
    onEvent: () => undefined,
    killEngine: () => undefined,
    muteEngine: () => undefined,
    async close() {
      for (const channel of channels) {
        channel.port1.close();
        channel.port2.close();
      }
      await server.close();
    },
  };
  return job;
}

/** Jobs of one test file, which are closed after each test. */
export function nodeJobs(): typeof openNodeJob {
  const open: NodeJob[] = [];
  afterEach(async () => {
    for (const job of open.splice(0)) await job.close();
  });
  return async (...parts) => {
    const job = await openNodeJob(...parts);
    open.push(job);
    return job;
  };
}

/** Settings of a job that takes a second. */
export const tinyJob = makeTinyConfig();

/** A run that was stopped at the first event of that kind, and gone on with by another coordinator and engine on the same store. */
export async function goneOn(
  newJob: typeof openNodeJob,
  config: RunConfig,
  stopAt: (event: JobEvent) => boolean,
): Promise<{ readonly second: NodeJob; readonly id: string }> {
  const first = await newJob();
  let stopping: Promise<void> | null = null;
  first.onEvent = (event) => {
    if (stopAt(event)) stopping ??= first.coordinator.stop();
  };
  const { id } = await first.coordinator.start(config, null);
  await first.coordinator.ended();
  await Promise.resolve(stopping);
  expect((await first.api.runs.list())[0]?.status).toBe('interrupted');
  const second = await newJob(first.store);
  await second.coordinator.resume(id);
  await second.coordinator.ended();
  return { second, id };
}
