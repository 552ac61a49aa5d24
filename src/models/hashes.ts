/** Hashes of what was downloaded: SHA-256 as the hub gives for large files, and git's blob id for small ones. */
import { createSHA256 } from 'hash-wasm';
import type { LargeFile } from '../store/largeFiles';

const blockBytes = 4 << 20;

function hex(bytes: ArrayBuffer): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** SHA-256 of bytes in memory, as hex. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return hex(await crypto.subtle.digest('SHA-256', bytes));
}

/** Git's id of a file's contents: SHA-1 of "blob SIZE\0" and the bytes. For small files. */
export async function gitBlobId(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const head = new TextEncoder().encode(`blob ${bytes.byteLength}\0`);
  const whole = new Uint8Array(head.byteLength + bytes.byteLength);
  whole.set(head);
  whole.set(bytes, head.byteLength);
  return hex(await crypto.subtle.digest('SHA-1', whole));
}

/** SHA-256 of a whole file on disk, a few MiB at a time. */
export async function fileSha256(
  file: LargeFile,
  options: { readonly signal?: AbortSignal; readonly onBytes?: (done: number) => void } = {},
): Promise<string> {
  const hasher = await createSHA256();
  const { size } = file;
  for (let at = 0; at < size; at += blockBytes) {
    options.signal?.throwIfAborted();
    hasher.update(file.read(at, Math.min(size, at + blockBytes)));
    options.onBytes?.(Math.min(size, at + blockBytes));
    // Lets an abort be heard.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return hasher.digest('hex');
}
