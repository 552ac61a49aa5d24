import { ggufParts } from '../lm/gguf/ggufParts';
import { readableFiles } from '../lm/gguf/unreadable';
import { memoryOfFiles } from './memoryPlan';

/**
 * The .gguf file to take of a repository: the first in the order of what is near to the model and small that leaves a quarter of the
 * memory to the rest of a run; where none does, the smallest. The first part stands for a file in parts. Null where none can be read.
 */
export function proposedGguf(
  files: ReadonlyMap<string, { readonly bytes: number }>,
  memory: number | null,
): string | null {
  const sized = readableFiles([...files.keys()]).flatMap((file) => {
    const parts = ggufParts(file) ?? [file];
    if (parts[0] !== file || parts.some((part) => !files.has(part))) return [];
    const bytes = parts.reduce((sum, part) => sum + (files.get(part)?.bytes ?? 0), 0);
    return [{ file, takes: memoryOfFiles(bytes) }];
  });
  const fitting = sized.find(({ takes }) => memory === null || takes <= 0.75 * memory);
  const smallest = [...sized].sort((a, b) => a.takes - b.takes)[0];
  return (fitting ?? smallest)?.file ?? null;
}
