/** JSON whose numbers keep what is written: one that a double would change comes back as a string of its own digits. */
import { parseJson } from '../../core/json';

const part = /"[^"\\]*(?:\\.[^"\\]*)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/g;

/** Throws SyntaxError as JSON.parse does. Linear in the text's length. */
export function parseExactJson(text: string): unknown {
  return parseJson(
    text.replace(part, (found) =>
      found.startsWith('"') || String(Number(found)) === found ? found : `"${found}"`,
    ),
  );
}
