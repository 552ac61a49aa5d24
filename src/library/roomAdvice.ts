/** What a user can delete when there is no room left, largest first. */
import type { RunRepository } from './runRepository';

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Runs that are named. */
const named = 3;
/** Bytes of models from which they are worth a word. */
const least = 1e6;

/** `usage`: bytes of this site, null where unknown. `working` is the run that needs the room: it is not among those to delete. */
export async function roomAdvice(
  repository: Pick<RunRepository, 'runs' | 'bin' | 'sizes'>,
  usage: number | null,
  working: string | null,
): Promise<string> {
  const sizes = await repository.sizes();
  const runs = [...(await repository.runs()), ...(await repository.bin())].filter(({ id }) => id !== working);
  const largest = runs
    .map(({ id, name, deletedAt }) => ({ name, bytes: sizes[id] ?? 0, trash: deletedAt !== undefined }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, named);
  const ofRuns = Object.values(sizes).reduce((sum, bytes) => sum + bytes, 0);
  const others = usage === null ? 0 : usage - ofRuns;
  const parts = [
    ...largest.map(
      ({ name, bytes, trash }) => `${name} (${megabytes(bytes)}${trash ? ', in the trash' : ''})`,
    ),
    ...(others >= least ? [`models under Models (${megabytes(others)})`] : []),
  ];
  const what = parts.length === 0 ? 'Free space on the disk' : `Delete ${parts.join(', or ')}`;
  return `${what}. The run waits and goes on by itself once there is room.`;
}
