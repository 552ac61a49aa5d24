import type { ModelCalls, ModelsApi } from '../wire/modelsApi';
import type { RpcClient } from '../rpc/rpc';
import { connectWorker } from '../rpc/workerPort';
import type { ModelsProtocol } from './modelsProtocol';

function options({ signal, onProgress }: ModelCalls) {
  return { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) };
}

/** ModelsApi over a port. */
export function modelsApi(client: RpcClient<ModelsProtocol>): ModelsApi {
  return {
    list: () => client.call('list', null),
    webllm: () => client.call('webllm', null),
    look: (spec, memory = null) => client.call('look', { spec, memory }),
    search: (text) => client.call('search', text),
    download: (spec, calls = {}) => client.call('download', spec, options(calls)),
    importFiles: (name, files, calls = {}) => client.call('importFiles', { name, files }, options(calls)),
    verify: (spec, calls = {}) => client.call('verify', spec, options(calls)),
    remove: async (spec) => client.call('remove', spec),
    storage: () => client.call('storage', null),
    hub: () => client.call('hub', null),
    setHub: (change) => client.call('setHub', change),
    plan: (config, machine) => client.call('plan', { config, machine }),
    presets: (features) => client.call('presets', features),
  };
}

/** The page's end of the models worker. */
export function connectModels(worker: Worker): ModelsApi {
  return modelsApi(connectWorker<ModelsProtocol>(worker, 'models'));
}
