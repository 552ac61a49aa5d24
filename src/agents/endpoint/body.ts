/** Bodies of answers: read up to a limit, and recognised by their content, whatever their Content-Type says. */
import { EventParser, type ServerEvent } from './sse';
import { parseJson } from '../../core/json';

/** A body is longer than any reply. */
export class BodyTooLong extends Error {
  readonly bytes: number;

  constructor(bytes: number) {
    super(`more than ${bytes} bytes`);
    this.bytes = bytes;
  }
}

/** Pieces of text. Throws BodyTooLong. */
async function* piecesOf(body: ReadableStream<Uint8Array>, maxBytes: number): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      bytes += value?.byteLength ?? 0;
      if (bytes > maxBytes) throw new BodyTooLong(maxBytes);
      yield done ? decoder.decode() : decoder.decode(value, { stream: true });
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** The beginning of a text of so many bytes at most; the rest is not read. */
export async function beginningOf(response: Response, maxBytes: number): Promise<string> {
  let text = '';
  try {
    for await (const piece of response.body ? piecesOf(response.body, maxBytes) : []) text += piece;
  } catch {
    // What came before says enough.
  }
  return text;
}

const fields = ['data', 'event', 'id', 'retry'];

/** Whether a body that begins so is a stream of events; null when more of it must be seen. */
function isEvents(head: string): boolean | null {
  const start = head.replace(/^[\s\uFEFF]+/, '');
  if (start === '' || fields.includes(start)) return null;
  if (fields.some((field) => field.startsWith(start))) return null;
  return /^(?:data|event|id|retry)?(?:[:\r\n]|$)/.test(start);
}

function isJson(text: string): boolean {
  try {
    parseJson(text);
    return true;
  } catch {
    return false;
  }
}

/** A document of an answer; `whole` is one that comes alone. */
export interface BodyDocument extends ServerEvent {
  readonly whole: boolean;
}

/** A body that is no stream: one document, or one a line. */
function documentsOf(text: string): BodyDocument[] {
  const one = (data: string, whole: boolean): BodyDocument => ({ name: 'message', data, whole });
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  if (lines.length < 2 || isJson(text) || !lines.every(isJson)) return [one(text, true)];
  return lines.map((line) => one(line, false));
}

/** Yields the documents of an answer as they come. Throws BodyTooLong, and what reading throws. */
export async function* bodyDocuments(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<BodyDocument> {
  const parser = new EventParser();
  const read = function* (events: ServerEvent[]): Generator<BodyDocument> {
    for (const event of events) yield { ...event, whole: false };
  };
  let events: boolean | null = null;
  const head: string[] = [];
  for await (const piece of piecesOf(body, maxBytes)) {
    if (events === true) yield* read(parser.push(piece));
    else head.push(piece);
    if (events !== null) continue;
    events = isEvents(head.join(''));
    if (events) yield* read(parser.push(head.join('').replace(/^[\s\uFEFF]+/, '')));
  }
  if (events) yield* read(parser.end());
  else yield* documentsOf(head.join('').replace(/^\uFEFF+/, ''));
}
