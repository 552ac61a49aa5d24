/** The app's files in a browser without `createWritable`, as Safari before 26. */
import { serveWorker } from '../../src/rpc/workerPort';
import { openFiles } from '../../src/store/files';
import type { OlderSafariProtocol } from './olderSafari.test';

declare const self: DedicatedWorkerGlobalScope;

Reflect.deleteProperty(FileSystemFileHandle.prototype, 'createWritable');

serveWorker<OlderSafariProtocol>(self, {
  async write({ root, path, bytes, move }) {
    if (!move) Reflect.deleteProperty(FileSystemFileHandle.prototype, 'move');
    const files = await openFiles(root);
    await files.write(path, bytes);
    return files.list(path.slice(0, path.lastIndexOf('/')));
  },
});
