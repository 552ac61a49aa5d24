/** Answers the library's requests for a model's files from wherever they are. No request leaves but to the place named. */
import type { TransformersPlace } from './protocol';

/** The library's hub is set to this host; `.invalid` is a name that can never be contacted (RFC 2606). */
export const pretendHost = 'https://models.invalid/';

/** A place to read from: models of the hub are brought into storage first. */
export type ReadPlace = Exclude<TransformersPlace, { readonly type: 'hub' }>;

export interface FileReaders {
  /** A file of a model in the app's storage; null where there is none. */
  stored(id: string, path: string): Promise<Blob | null>;
}

function missing(path: string): Response {
  return new Response(`${path} is not there`, { status: 404 });
}

/** Whether only the size is asked for. */
function asksSize(init: RequestInit): boolean {
  return new Headers(init.headers).get('Range') === 'bytes=0-0';
}

function blobResponse(blob: Blob, init: RequestInit): Response {
  if (!asksSize(init)) return new Response(blob, { headers: { 'Content-Length': String(blob.size) } });
  const headers = { 'Content-Range': `bytes 0-0/${blob.size}`, 'Content-Length': '1' };
  return new Response(blob.slice(0, 1), { status: 206, headers });
}

/** A file of a model as a response; 404 where it has none. Rejects as fetch does. */
export async function readModelFile(
  place: ReadPlace,
  path: string,
  init: RequestInit,
  { stored }: FileReaders,
): Promise<Response> {
  switch (place.type) {
    case 'folder': {
      const response = await fetch(new URL(path, place.url).href, init);
      // Some hosts answer a missing file with their start page.
      const page = response.headers.get('Content-Type')?.startsWith('text/html') === true;
      return page ? missing(path) : response;
    }
    case 'stored': {
      const found = await stored(place.id, path);
      return found ? blobResponse(found, init) : missing(path);
    }
    case 'files': {
      // The path of a picked folder starts with the folder's own name.
      const found = place.files.find((file) => file.path === path || file.path.endsWith(`/${path}`));
      return found ? blobResponse(found.blob, init) : missing(path);
    }
    default:
      return place satisfies never;
  }
}
