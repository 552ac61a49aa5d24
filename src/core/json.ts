/** JSON from outside: of bounded depth, since what reads or copies a value goes down into it, and a stack ends. */

/** Deepest lists and objects in each other; no file that is read here has half of it. */
export const mostDepth = 64;

/** The text nests lists and objects too deep. A SyntaxError, so that it is no JSON to those who need not say more. */
export class DepthError extends SyntaxError {}

/** Throws SyntaxError; DepthError where only the depth is wrong. */
export function parseJson(text: string): unknown {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (quoted) {
      if (code === 0x5c) i++;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > mostDepth) throw new DepthError(`lists and objects more than ${mostDepth} deep`);
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return JSON.parse(text);
}

/** Bytes of a body that is a list or a description. */
const mostBodyBytes = 64e6;

/** The JSON of an answer; null where it is none, or longer than any. Throws where reading was aborted. */
export async function responseJson(response: Response, most = mostBodyBytes): Promise<unknown> {
  const reader = response.body?.getReader();
  if (!reader) return null;
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.byteLength;
      if (bytes > most) return null;
      pieces.push(decoder.decode(value, { stream: true }));
    }
    return parseJson(pieces.join('') + decoder.decode());
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'AbortError') throw thrown;
    return null;
  } finally {
    // What is still to come is not read.
    await reader.cancel().catch(() => undefined);
  }
}
