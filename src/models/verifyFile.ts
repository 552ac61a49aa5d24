/** Whether the file on disk is what the source has; chunks that are not are fetched again. */
import { DownloadError } from '../core/errors';
import type { LargeFile } from '../store/largeFiles';
import { refetchChunk, type DownloadHooks } from './downloadFile';
import { fileSha256, gitBlobId, sha256 } from './hashes';
import { doneBytes, type ModelFile } from './manifest';

/** Largest file that git's blob id is checked of; larger ones are hashed by SHA-256 on the hub. */
const gitBytes = 64 << 20;

export interface VerifyHooks extends DownloadHooks {
  /** Bytes of the file that were hashed. */
  onHashed(done: number): void;
}

function chunkRange(file: ModelFile, index: number): [number, number] {
  return [index * file.chunkBytes, Math.min(file.bytes, (index + 1) * file.chunkBytes)];
}

/** Indices of chunks that are no longer what was written. */
export async function badChunks(file: ModelFile, disk: LargeFile, signal?: AbortSignal): Promise<number[]> {
  const bad: number[] = [];
  for (const [index, hash] of file.chunks.entries()) {
    signal?.throwIfAborted();
    const [start, end] = chunkRange(file, index);
    if ((await sha256(disk.read(start, end))) !== hash) bad.push(index);
  }
  return bad;
}

/** The file's SHA-256 and whether it is the right one: against the source's hash, else against what came. */
export async function checkWhole(
  file: ModelFile,
  disk: LargeFile,
  hooks: Partial<Pick<VerifyHooks, 'signal' | 'onHashed'>> = {},
): Promise<{ hash: string; right: boolean }> {
  const { signal, onHashed } = hooks;
  const hash = await fileSha256(disk, {
    ...(signal ? { signal } : {}),
    ...(onHashed ? { onBytes: onHashed } : {}),
  });
  if (disk.size !== file.bytes) return { hash, right: false };
  if (file.sha256 !== null) return { hash, right: hash === file.sha256 };
  if (file.gitBlobId?.length === 40 && file.bytes <= gitBytes) {
    return { hash, right: (await gitBlobId(disk.read(0, file.bytes))) === file.gitBlobId };
  }
  const asItCame = (await badChunks(file, disk, signal)).length === 0;
  return { hash, right: asItCame && (file.verified === null || hash === file.verified) };
}

/**
 * Verifies a complete file. Wrong chunks on disk are fetched again; where the disk is as it came but
 * the whole is wrong, something spoilt it on the way: every chunk is fetched once more and those that differ replaced.
 * Throws DownloadError when it is still wrong then; the file is empty after that.
 */
export async function verifyFile(start: ModelFile, disk: LargeFile, hooks: VerifyHooks): Promise<ModelFile> {
  let file = start;
  if (disk.size > file.bytes) disk.truncate(file.bytes);
  let whole = await checkWhole(file, disk, hooks);
  if (!whole.right && file.url !== null) {
    const bad = await badChunks(file, disk, hooks.signal);
    file = await refetch(file, bad, disk, hooks);
    if (bad.length > 0) whole = await checkWhole(file, disk, hooks);
    if (!whole.right) {
      file = await refetch(file, [...file.chunks.keys()], disk, hooks);
      whole = await checkWhole(file, disk, hooks);
    }
  }
  if (!whole.right) {
    const wanted = file.sha256 ?? file.gitBlobId ?? file.verified ?? '';
    disk.truncate(0);
    await hooks.save({ ...file, chunks: [], verified: null });
    throw new DownloadError(
      `${file.path} does not hash to what was announced (${wanted.slice(0, 12)}..., found ${whole.hash.slice(0, 12)}...), after fetching it twice.`,
      'Something between here and the server changes the file, or the source is damaged: it was removed. Try another network or source.',
      { details: { path: file.path, wanted, found: whole.hash, bytes: doneBytes(file) } },
    );
  }
  file = { ...file, verified: whole.hash };
  await hooks.save(file);
  return file;
}

async function refetch(
  start: ModelFile,
  indices: readonly number[],
  disk: LargeFile,
  hooks: VerifyHooks,
): Promise<ModelFile> {
  let file = start;
  for (const index of indices) {
    const hash = await refetchChunk(file, index, disk, hooks);
    if (hash === file.chunks[index]) continue;
    file = { ...file, chunks: file.chunks.map((old, i) => (i === index ? hash : old)) };
    await hooks.save(file);
  }
  return file;
}
