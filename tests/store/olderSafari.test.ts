import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { WorkerError } from '../../src/core/errors';
import { linkWorker, type WorkerLink } from '../../src/rpc/workerPort';
import { openFiles } from '../../src/store/files';

export interface OlderSafariProtocol {
  readonly write: {
    readonly request: {
      readonly root: string;
      readonly path: string;
      readonly bytes: Uint8Array<ArrayBuffer>;
      /** Whether a file's handle can be renamed there. */
      readonly move: boolean;
    };
    readonly progress: never;
    readonly response: readonly string[];
  };
}

const root = `older-${crypto.randomUUID()}`;
let open: WorkerLink<OlderSafariProtocol> | null = null;
afterEach(() => open?.terminate(new WorkerError('over', 'none')));
afterAll(async () => (await navigator.storage.getDirectory()).removeEntry(root, { recursive: true }));

describe('a browser without createWritable', () => {
  it.each([true, false])('stores and replaces files all the same (a rename: %s)', async (move) => {
    const url = new URL('./olderSafari.worker.ts', import.meta.url);
    open = linkWorker<OlderSafariProtocol>(new Worker(url, { type: 'module' }), 'older');
    const path = `runs/a/checkpoints-${move}/rsft-0.bin`;
    for (const bytes of [new Uint8Array([1, 2, 3, 4]), new Uint8Array([9])]) {
      expect(await open.client.call('write', { root, path, bytes, move })).toEqual(['rsft-0.bin']);
      expect(await (await openFiles(root)).read(path)).toEqual(bytes);
    }
  });
});
