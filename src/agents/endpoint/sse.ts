/** Server-sent events (WHATWG HTML, 9.2.6), as far as chat completions use them. */

export interface ServerEvent {
  /** "message" where the server names none. */
  readonly name: string;
  readonly data: string;
}

/** Line ends may be LF, CRLF or CR, and anything may be split anywhere. */
export class EventParser {
  #rest = '';
  #name = '';
  #data: string[] = [];

  /** The events that end in this piece of the stream. */
  push(text: string): ServerEvent[] {
    // A CR at the very end may be half of a CRLF: it waits for what follows.
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line));
  }

  /** What the end of the stream ends. */
  end(): ServerEvent[] {
    const lines = this.#rest.split(/\r\n|\n|\r/);
    this.#rest = '';
    return [...lines.flatMap((line) => this.#line(line)), ...this.#dispatch()];
  }

  #line(line: string): ServerEvent[] {
    if (line === '') return this.#dispatch();
    // Comments keep the connection alive; some servers then send one bare document.
    if (/^\s*\{/.test(line)) return [{ name: 'message', data: line }];
    const value = (field: string): string | null =>
      line === field
        ? ''
        : line.startsWith(`${field}:`)
          ? line.slice(field.length + 1).replace(/^ /, '')
          : null;
    const data = value('data');
    if (data !== null) this.#data.push(data);
    this.#name = value('event')?.trim() ?? this.#name;
    return [];
  }

  #dispatch(): ServerEvent[] {
    const event = { name: this.#name || 'message', data: this.#data.join('\n') };
    const found = this.#data.length > 0 ? [event] : [];
    this.#data = [];
    this.#name = '';
    return found;
  }
}
