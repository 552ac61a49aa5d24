/**
 * The two filters of lm-evaluation-harness for GSM8K (tasks/gsm8k/gsm8k.yaml, filters/extraction.py, exact_match in
 * api/metrics.py), exactly: same expressions, same string comparison. They stand beside the verdict, for comparison with
 * published figures. Its stop sequences belong to the generation, so nothing is cut off here.
 */

export type LmEvalFilter = 'strict' | 'flexible';

/** What both filters give where nothing matches. */
export const notFound = '[invalid]';

/** strict-match: what the first "#### number" holds. */
export function strictMatch(reply: string): string {
  return /#### (-?[0-9.,]+)/.exec(reply)?.[1] ?? notFound;
}

/** flexible-extract: the last number, with the point or comma that follows it. */
export function flexibleExtract(reply: string): string {
  const last = [...reply.matchAll(/(-?[$0-9.,]{2,})|(-?[0-9]+)/g)].at(-1);
  return last?.[0] ?? notFound;
}

/** What exact_match compares: without commas, dollars, all up to the last "#### " and a final point; case ignored. */
export function comparedByLmEval(text: string): string {
  return text
    .replace(/[,$]/g, '')
    .replace(/^[\s\S]*#### /, '')
    .replace(/\.(?=\n?$)/, '')
    .toLowerCase();
}

/** Whether lm-eval counts the reply as right; the reference is the gold answer as the file writes it. */
export function lmEvalCorrect(reply: string, reference: string, filter: LmEvalFilter): boolean {
  const found = filter === 'strict' ? strictMatch(reply) : flexibleExtract(reply);
  return comparedByLmEval(found) === comparedByLmEval(reference);
}
