/** What the hub's API says of a repository. */
import { createHash } from 'node:crypto';

/** Above so many bytes a file is kept by Git LFS, which names its SHA-256; below, Git names the id of its blob. */
const largeBytes = 10_000;

/** `claim`: bytes that large files are said to have, in place of the truth. */
export function hubListing(files: Readonly<Record<string, Buffer>>, claim: number | null = null): object {
  const hashed = (name: string, ...parts: (Buffer | string)[]): string =>
    parts.reduce((hash, part) => hash.update(part), createHash(name)).digest('hex');
  return {
    sha: 'c0ffee',
    tags: ['license:apache-2.0'],
    siblings: Object.entries(files).map(([rfilename, content]) => ({
      rfilename,
      size: content.length,
      blobId: hashed('sha1', `blob ${content.length}\0`, content),
      ...(content.length > largeBytes && {
        lfs: { sha256: hashed('sha256', content), size: claim ?? content.length },
      }),
    })),
  };
}
