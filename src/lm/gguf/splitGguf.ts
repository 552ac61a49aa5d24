/** A GGUF model in one file or in several, as one. */
import { FileFormatError } from '../../core/errors';
import type { FileSource } from '../../core/fileSource';
import { ggufParts } from './ggufParts';
import { openGguf, type GgufFile, type GgufTensor } from './gguf';

const together = 'Put all parts into one folder under the names that they came by, or pick them together.';

/** Throws FileFormatError that names the parts that are not there. */
async function allThere(source: FileSource, parts: readonly string[]): Promise<void> {
  const missing: string[] = [];
  for (const part of parts) if (!(await source.has(part))) missing.push(part);
  if (missing.length === 0) return;
  throw new FileFormatError(
    `The model is split into ${parts.length} parts, of which ${missing.length} ${missing.length === 1 ? 'is' : 'are'} missing: ${missing.slice(0, 3).join(', ')}.`,
    together,
  );
}

const hasSafetensors = async (source: FileSource): Promise<boolean> =>
  (await source.has('model.safetensors')) || (await source.has('model.safetensors.index.json'));

/**
 * The .gguf file of a source without safetensors (of a split model the first part), or null. Throws FileFormatError when
 * there are several models, or parts of one are missing.
 */
export async function findGguf(source: FileSource): Promise<string | null> {
  const files = (await source.list())?.filter((file) => file.toLowerCase().endsWith('.gguf')) ?? [];
  if (files.length === 0) return null;
  if ((await source.has('config.json')) && (await hasSafetensors(source))) return null;
  const models = new Map<string, readonly string[]>();
  for (const file of files) {
    const parts = ggufParts(file) ?? [file];
    models.set(parts[0]!, parts);
  }
  if (models.size > 1) {
    throw new FileFormatError(
      `${source.name} holds ${models.size} GGUF models: ${[...models.keys()].join(', ')}.`,
      'Name the one to use.',
    );
  }
  const [parts = []] = models.values();
  await allThere(source, parts);
  return parts[0] ?? null;
}

/** All parts of a GGUF as one: the metadata of the first, the tensors of all. Throws FileFormatError. */
export async function openGgufModel(
  source: FileSource,
  file: string,
  signal?: AbortSignal,
): Promise<GgufFile> {
  const parts = ggufParts(file) ?? [file];
  const first = await openGguf(source, parts[0]!, signal);
  const count = Number(first.metadata.get('split.count') ?? 1);
  if (parts.length === 1) {
    if (count <= 1) return first;
    throw new FileFormatError(
      `${file} is part ${Number(first.metadata.get('split.no') ?? 0) + 1} of a model split into ${count} parts, but its name does not say so.`,
      together,
    );
  }
  const tensors = new Map<string, GgufTensor>();
  for (const [index, part] of parts.entries()) {
    const opened = index === 0 ? first : await openGguf(source, part, signal);
    const number = opened.metadata.get('split.no');
    const of = opened.metadata.get('split.count');
    if (Number(number ?? index) !== index || Number(of ?? parts.length) !== parts.length) {
      throw new FileFormatError(
        `${part} says that it is part ${Number(number ?? index) + 1} of ${Number(of ?? parts.length)}.`,
        'Its name was changed, or it is of another model: download the parts again.',
      );
    }
    for (const [name, tensor] of opened.tensors) {
      if (tensors.has(name)) {
        throw new FileFormatError(
          `${part} and ${tensors.get(name)!.file} both hold ${name}.`,
          'They are of different models: download the parts again.',
        );
      }
      tensors.set(name, tensor);
    }
  }
  const total = first.metadata.get('split.tensors.count');
  if (total !== undefined && Number(total) !== tensors.size) {
    throw new FileFormatError(
      `The ${parts.length} parts of ${file} hold ${tensors.size} tensors; ${Number(total)} are announced.`,
      'They are of different models: download the parts again.',
    );
  }
  return { ...first, tensors };
}
