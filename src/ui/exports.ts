/** Files that a user takes away. */
import { ArkletError } from '../core/errors';

/** Hands a file to the browser's own download. */
export function saveFile(name: string, content: Blob | string, type = 'application/octet-stream'): void {
  const blob = typeof content === 'string' ? new Blob([content], { type }) : content;
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A PEFT folder as zip, stored without compression: weights do not compress. */
export async function zipFiles(files: Readonly<Record<string, Uint8Array>>): Promise<Blob> {
  const { zipSync } = await import('fflate');
  const names = Object.keys(files);
  if (names.length === 0)
    throw new ArkletError('The adapter has no files.', 'Finish the training of this strategy first.');
  const zipped = zipSync(files, { level: 0 });
  return new Blob([new Uint8Array(zipped)], { type: 'application/zip' });
}
