/** Where a reply announces its answer: thoughts and what follows a finished answer are left out first. */
import { splitThoughts } from '../records/thoughts';

/** What is longer is no answer, and more places than these are a model that repeats itself. */
export const longestAnswer = 500;
const mostPlaces = 20;

/** A reply without its thoughts: whole blocks, all before a lone </think> and all after a <think> that never ends. */
export const withoutThoughts = (text: string): string => splitThoughts(text).answer;

const nextTurn =
  /<\|(?:im_start|im_end|eot_id|start_header_id|endoftext|end|user|assistant)\|>|<\/s>|<(?:start|end)_of_turn>|^[ \t>*#]*(?:(?:new |next |another )?(?:question|problem|exercise)(?:\s*#?\d+)?\s*\**\s*[:.]|(?:q\d*|user|human|student|instruction|input)\s*\**\s*:)/gim;
const announced = /####|\\(?:boxed|fbox)\s*\{|\banswers?\b[\s*_]*(?:is|are|:|=)/i;

/** A reply up to where a base model continues with a new question after its answer; whole when it has not answered before. */
export function beforeRunOn(text: string): string {
  const first = text.search(announced);
  if (first < 0) return text;
  for (const { index } of text.matchAll(nextTurn)) if (index > first) return text.slice(0, index);
  return text;
}

/** Content of every \boxed{...} with balanced braces (or \boxed 5), the last first. */
export function boxes(text: string): string[] {
  const found: string[] = [];
  const open: { at: number; boxed: boolean }[] = [];
  for (const match of text.matchAll(/\\(?:boxed|fbox)\s*\{|\\(?:boxed|fbox)\s+(-?[\w.]+)|\\[{}]|[{}]/g)) {
    const sign = match[0];
    if (match[1] !== undefined) found.push(match[1]);
    else if (sign.length > 2) open.push({ at: match.index + sign.length, boxed: true });
    else if (sign === '{') open.push({ at: match.index, boxed: false });
    else if (sign === '}') {
      const start = open.pop();
      if (start?.boxed && match.index - start.at <= longestAnswer)
        found.push(text.slice(start.at, match.index));
    }
  }
  return found.reverse().slice(0, mostPlaces);
}

/** Content of the last \boxed{...} with balanced braces, or null. */
export function lastBoxed(text: string): string | null {
  return boxes(text)[0] ?? null;
}

/** The line after the first "####", the form that is asked for; what a looping model writes after it is not its answer. */
export function afterHashes(text: string): string | null {
  const match = /####[ \t]*([^\n]*?)[ \t]*(?=####|\n|$)/.exec(text);
  return match ? (match[1] ?? '').slice(0, longestAnswer) : null;
}

const announcer = new RegExp(
  String.raw`<answer>|\b(?:answers?|ans\.?|antwort|réponse|respuesta|risposta|resposta)(?![\p{L}\d])` +
    String.raw`(?:\s+(?:to|of|for|in)\s[^.:\n]{1,60}?)?[\s*_"'\x60)]*` +
    String.raw`(?:\b(?:is|are|was|(?:would|should|must|will|can only|has to|may|might) be|ist|est|es|è|é|equals|becomes|comes (?:out )?to)\b|[:=]|-(?=\s))`,
  'giu',
);

/** What follows each "answer is" or "Answer:", to the end of its line, the last first. */
export function announcements(text: string, pattern: RegExp = announcer): string[] {
  return [...text.matchAll(pattern)]
    .slice(-mostPlaces)
    .map((match) => {
      const rest = text
        .slice(match.index + match[0].length, match.index + match[0].length + longestAnswer)
        .replace(/^[\s*_:=]+/, (lead) => (lead.includes('\n') ? '' : lead.replace(/[*_:=]/g, '')));
      return (rest.split(/\n|<\/answer>/i, 1)[0] ?? '').trim();
    })
    .reverse();
}
