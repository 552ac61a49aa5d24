/** Words that the bundled models know. They were made for one kind of problem and cannot read any other word. */

/** As their tokenizer splits: at blanks, and around each digit and sign. */
const pieces = /[0-9.,?!+\-*/=]|[^\s0-9.,?!+\-*/=]+/g;

let read: Promise<ReadonlySet<string> | null> | null = null;

interface WordLevel {
  readonly model?: { readonly type?: string; readonly vocab?: Readonly<Record<string, number>> };
}

/** Null where they cannot be read: then nothing is marked, and asking reports unknown words. */
export function bundledWords(): Promise<ReadonlySet<string> | null> {
  read ??= fetch(new URL('models/student/tokenizer.json', document.baseURI))
    .then((response) => response.json() as Promise<WordLevel>)
    .then(({ model }) => (model?.type === 'WordLevel' ? new Set(Object.keys(model.vocab ?? {})) : null))
    .catch(() => null);
  return read;
}

export interface Piece {
  readonly text: string;
  readonly unknown: boolean;
}

/** The text cut where known and unknown words meet. The word that is being typed is left alone while it may become a known one. */
export function markUnknown(text: string, known: ReadonlySet<string>): readonly Piece[] {
  const marked: Piece[] = [];
  let end = 0;
  for (const { 0: word, index } of text.matchAll(pieces)) {
    if (index > end) marked.push({ text: text.slice(end, index), unknown: false });
    end = index + word.length;
    const typing = end === text.length && [...known].some((one) => one.startsWith(word));
    marked.push({ text: word, unknown: !known.has(word) && !typing });
  }
  if (end < text.length) marked.push({ text: text.slice(end), unknown: false });
  return marked;
}
