import type { FileSource } from '../core/fileSource';
import { BlobSource, UrlSource } from '../lm/sources';
import type { ModelConfig } from '../lm/types';
import { openWeights } from '../lm/weightFiles';
import type { ModelRef } from '../models/modelSpec';

/** The files of a model, wherever they are. */
export function openModelSource({ id, place }: ModelRef): FileSource {
  switch (place.type) {
    case 'folder':
      return new UrlSource(place.url);
    case 'gguf': {
      const cut = place.url.lastIndexOf('/') + 1;
      return new UrlSource(place.url.slice(0, cut), [place.url.slice(cut)]);
    }
    case 'files':
      return new BlobSource(
        place.files.map(({ path, blob }) => [path, blob] as const),
        id,
      );
    default:
      return place satisfies never;
  }
}

/** The sizes of a model, read without its weights. Throws FileFormatError, ModelError, DownloadError. */
export async function readModelConfig(source: FileSource): Promise<ModelConfig> {
  return (await openWeights(source)).config;
}
