/** Compressed JSON from outside: a few kilobytes can hold gigabytes, so what comes out is counted while it comes. */
import { ImportError } from './errors';

/** Most bytes of a run's file once it is unpacked. */
export const mostArchiveBytes = 512e6;
/** A file beyond `suspectBytes` that was packed more than so many times is made to fill memory: runs pack about 15 times. */
const mostTimes = 100;
const suspectBytes = 8e6;

const mega = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
const hint = 'Pick a .arklet.json.gz file that Arklet exported.';

/** Counts what comes out of `packed` bytes. `add` throws ImportError beyond the limit. */
export function byteLimit(packed: number, most = mostArchiveBytes): { add(bytes: number): void } {
  let sum = 0;
  return {
    add(bytes) {
      sum += bytes;
      if (sum > most) {
        throw new ImportError(
          `This file of ${mega(packed)} holds more than ${mega(most)} when it is unpacked.`,
          hint,
        );
      }
      if (sum > suspectBytes && sum > mostTimes * packed) {
        throw new ImportError(
          `This file of ${mega(packed)} unpacks to more than ${mostTimes} times its size, which no run does.`,
          hint,
        );
      }
    },
  };
}

/** The text of gzip bytes. Throws ImportError beyond the limit, TypeError for damaged data. */
export async function gunzipText(bytes: Uint8Array<ArrayBuffer>, most = mostArchiveBytes): Promise<string> {
  const limit = byteLimit(bytes.byteLength, most);
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      limit.add(value.byteLength);
      pieces.push(decoder.decode(value, { stream: true }));
    }
  } catch (thrown) {
    // What is still to come is not unpacked.
    await reader.cancel().catch(() => undefined);
    throw thrown;
  }
  return pieces.join('') + decoder.decode();
}
