import type { FileSource } from '../core/fileSource';
import { ggufParts } from '../lm/gguf/ggufParts';
import { UrlSource } from '../lm/sources';
import type { ModelConfig } from '../lm/types';
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

/** The sizes of a model, read without its weights. Throws FileFormatError, ModelError, DownloadError. */
export async function readModelConfig(source: FileSource): Promise<ModelConfig> {
  return (await openWeights(source)).config;
}
