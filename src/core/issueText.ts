/** What is wrong with a value that came from outside, in words for who made it: "config.student is missing". */

/** What a schema's issue says; its own message names types and is for programmers. */
export interface Issue {
  readonly received: string;
}

/** `path`: where in the file, null for the whole of it. */
export function issueText(path: string | null, { received }: Issue): string {
  const where = path === null ? 'it' : `"${path}"`;
  return received === 'undefined' ? `${where} is missing` : `${where} is not what belongs there`;
}
