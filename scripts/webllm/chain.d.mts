/** Types of chain.mjs for tests. */
import type { RunArchive } from '../../src/records/runRecords';

export const chainFlags: Readonly<Record<string, string>>;
export function sourceArchive(
  archive: RunArchive,
  spec: string,
  maxTokens: number,
  isEvaluation: (protocol: string) => boolean,
): RunArchive;
export function learntFromWebllm(archive: RunArchive, bundled: RunArchive): boolean;
