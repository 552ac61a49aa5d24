/** The job's end of the transformers worker, over rpc: started with the first model, ended with the last. */
import type { AgentBackend } from '../../agents/agent';
import { transformersAgent } from '../../agents/transformers/agent';
import type { TransformersLink, TransformersProtocol } from '../../agents/transformers/protocol';
import { transformersRef } from '../../agents/transformers/spec';
import { AgentError } from '../../core/errors';
import { RpcClient } from '../../rpc/rpc';
import { watchWorker } from '../../rpc/workerPort';
import { openAccess } from '../../models/hub';
import type { HubAccess } from '../../specs/addresses';
import type { AgentMakers, MakerOptions } from '../resolveAgents';

interface Running {
  readonly rpc: RpcClient<TransformersProtocol>;
  readonly worker: Worker;
  unwatch(): void;
}

/** Milliseconds that its runtime may work on one prompt on the CPU without a sign. */
const hungAfter = 600_000;

/** `hub`: how the hub is asked when a model is loaded. */
export function transformersLink(
  start: () => Worker,
  hub: () => Promise<HubAccess> = async () => openAccess,
): TransformersLink {
  let running: Running | null = null;

  function open(): Running {
    if (running) return running;
    const worker = start();
    const rpc = new RpcClient<TransformersProtocol>(worker);
    const onEnd = (reason: string): void =>
      end(
        now,
        new AgentError(`The transformers worker failed: ${reason}.`, 'Check the memory, and try again.'),
      );
    const now: Running = { rpc, worker, unwatch: watchWorker(worker, rpc, onEnd, hungAfter) };
    running = now;
    return now;
  }

  function end(which: Running, error: AgentError): void {
    which.unwatch();
    which.worker.terminate();
    which.rpc.close(error);
    if (running === which) running = null;
  }

  return {
    load: async (model, options) => {
      const access = await hub();
      return open().rpc.call('load', { model, hub: access }, options);
    },
    generate: (model, { messages, sampling }, { signal, onText }) =>
      open().rpc.call(
        'generate',
        { model, messages, sampling },
        { ...(signal && { signal }), ...(onText && { onProgress: ({ text }) => onText(text) }) },
      ),
    count: (model, texts) => open().rpc.call('count', { model, texts }),
    async unload(model) {
      const now = running;
      if (!now) return;
      const { left } = await now.rpc.call('unload', { model });
      if (left === 0) end(now, new AgentError('The transformers worker was ended.', 'Load the model again.'));
    },
  };
}

function startWorker(): Worker {
  return new Worker(new URL('../../../workers/transformers.worker.ts', import.meta.url), { type: 'module' });
}

/** Makes agents of transformers.js models; all of them share one worker. */
export function transformersMaker(
  start: () => Worker = startWorker,
): NonNullable<AgentMakers['transformers']> {
  let access: MakerOptions['hub'] | null = null;
  const link = transformersLink(start, async () => (await access?.()) ?? openAccess);
  return (spec, { base, device, hub }): AgentBackend => {
    access = hub;
    return transformersAgent(link, transformersRef(spec, { base, device }));
  };
}
