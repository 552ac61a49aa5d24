/** What a run does before the engine opens, with a hub of the test's own: posts every progress, then `null`. */
import { prepareModels } from '../../src/job/prepareModels';

declare const self: DedicatedWorkerGlobalScope;

const query = new URLSearchParams(self.location.search);
const id = query.get('spec') ?? '';
await prepareModels([{ id, place: { type: 'stored', id }, promptStyle: null }], {
  signal: new AbortController().signal,
  hub: { endpoint: query.get('endpoint') ?? '', token: null },
  root: query.get('root') ?? 'test',
  onProgress: (model, progress) => self.postMessage({ model, ...progress }),
});
self.postMessage(null);
