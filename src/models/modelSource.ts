import type { FileSource } from '../core/fileSource';
import { ggufParts } from '../lm/gguf/ggufParts';
import { UrlSource } from '../lm/sources';
import type { ModelConfig } from '../lm/types';
import { nativeFormat } from '../lm/rowCodec';
import { openWeights } from '../lm/weightFiles';
import type { ModelRef } from './modelSpec';
import { StoredSource } from './storedSource';

/** The files of a model, wherever they are. */
export function openModelSource({ place }: ModelRef): FileSource {
  switch (place.type) {
    case 'folder':
      return new UrlSource(place.url);
    case 'gguf': {
      const cut = place.url.lastIndexOf('/') + 1;
      const file = place.url.slice(cut);
      return new UrlSource(place.url.slice(0, cut), ggufParts(file) ?? [file]);
    }
    case 'stored':
      return new StoredSource(place.id);
    default:
      return place satisfies never;
  }
}

type WeightFormat = (typeof nativeFormat)[keyof typeof nativeFormat];

/** The sizes of a model and the formats of its matrices, that of most elements first. */
export type ModelShape = ModelConfig & { readonly formats: readonly WeightFormat[] };

/** Read without its weights. Throws FileFormatError, ModelError, DownloadError. */
export async function readModelShape(source: FileSource): Promise<ModelShape> {
  const { config, entries } = await openWeights(source);
  const elements = new Map<WeightFormat, number>();
  for (const { shape, encoding } of entries.values()) {
    const [rows, cols] = shape;
    if (shape.length !== 2 || rows === undefined || cols === undefined) continue;
    const format = nativeFormat[encoding];
    elements.set(format, (elements.get(format) ?? 0) + rows * cols);
  }
  const formats = [...elements.keys()].sort((a, b) => (elements.get(b) ?? 0) - (elements.get(a) ?? 0));
  return { ...config, formats };
}

/** The sizes of a model, read without its weights. Throws FileFormatError, ModelError, DownloadError. */
export async function readModelConfig(source: FileSource): Promise<ModelConfig> {
  return (await openWeights(source)).config;
}
