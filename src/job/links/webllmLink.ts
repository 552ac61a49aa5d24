/** The job's end of a WebLLM worker, over rpc. */
import type { AgentBackend } from '../../agents/agent';
import { readLocalText } from '../../agents/webllm/localCaches';
import { webllmAgent, WebllmModel } from '../../agents/webllm/model';
import type { WebllmLink, WebllmProtocol } from '../../agents/webllm/protocol';
import { webllmRef } from '../../agents/webllm/spec';
import { readCachedText } from '../../agents/webllm/cachedText';
import { tokenCounter } from '../../agents/webllm/tokenCount';
import { AgentError } from '../../core/errors';
import { RpcClient } from '../../rpc/rpc';
import { watchWorker } from '../../rpc/workerPort';
import { openLocal } from '../../models/storedFiles';
import type { HubAccess } from '../../specs/addresses';
import { openAccess } from '../../models/hub';
import type { WebllmSpec } from '../../specs/webllm';

/** How the hub is asked when a model is loaded. */
type AskHub = () => Promise<HubAccess>;

/** A worker that dies, or whose script cannot be loaded, rejects with AgentError: the turn is tried again in a new one. */
export function webllmLink(worker: Worker, hub: AskHub = async () => openAccess): WebllmLink {
  const rpc = new RpcClient<WebllmProtocol>(worker);
  const end = (error: AgentError): void => {
    unwatch();
    worker.terminate();
    rpc.close(error);
  };
  const onEnd = (reason: string): void =>
    end(
      new AgentError(
        `The WebLLM worker failed: ${reason}.`,
        'Check the connection; a new worker is started for the next turn.',
      ),
    );
  const unwatch = watchWorker(worker, rpc, onEnd);
  return {
    load: async (model, options) => rpc.call('load', { model, hub: await hub() }, options),
    generate: (request, { signal, onText }) =>
      rpc.call('generate', request, {
        ...(signal && { signal }),
        ...(onText && { onProgress: ({ text }) => onText(text) }),
      }),
    terminate: () =>
      end(new AgentError('The WebLLM worker was ended.', 'A new one is started for the next turn.')),
  };
}

export function openWebllmWorker(hub?: AskHub): WebllmLink {
  return webllmLink(
    new Worker(new URL('../../../workers/webllm.worker.ts', import.meta.url), { type: 'module' }),
    hub,
  );
}

/** A small file of a model: from the app's storage, else from WebLLM's cache or the network. */
async function readText(url: string, signal?: AbortSignal): Promise<string | null> {
  return (await readLocalText(url, openLocal).catch(() => null)) ?? readCachedText(url, signal);
}

/** Makes agents of WebLLM models. Agents of the same model and settings share one worker and take turns in it. */
export function webllmMaker(
  open: (hub?: AskHub) => WebllmLink = openWebllmWorker,
): (spec: WebllmSpec, options: { readonly base: string; readonly hub?: AskHub }) => AgentBackend {
  const models = new Map<string, WebllmModel>();
  return (spec, { base, hub }) => {
    const ref = webllmRef(spec, base);
    const key = JSON.stringify(ref);
    const model =
      models.get(key) ??
      new WebllmModel({
        ref,
        open: () => open(hub),
        openCounter: (url, signal) => tokenCounter(url, readText, signal),
      });
    models.set(key, model);
    return webllmAgent(model, ref.id);
  };
}
