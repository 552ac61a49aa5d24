/** Steps of a reply: one splitter for labels, for training, for use and for what is exported. */
import { equationSpans, splitSteps } from '../../tasks/stepChecker';

/** line: at line breaks; sentence: also at sentence ends; equation: after each result, the rest being one step more. */
export const splitters = ['sentence', 'line', 'equation'] as const;
export type Splitter = (typeof splitters)[number];

export interface TextStep {
  readonly text: string;
  /** Character span [start, end) in the reply. */
  readonly start: number;
  readonly end: number;
}

function trimmed(reply: string, from: number, to: number): TextStep | null {
  const raw = reply.slice(from, to);
  const text = raw.trim();
  if (text === '') return null;
  const start = from + raw.indexOf(text);
  return { text, start, end: start + text.length };
}

/** Steps of a reply in their order; none is empty. */
export function splitReply(reply: string, splitter: Splitter): TextStep[] {
  switch (splitter) {
    case 'sentence':
      return splitSteps(reply);
    case 'line': {
      const lines = [...reply.matchAll(/[^\n]+/g)];
      return lines.flatMap(({ index, 0: line }) => trimmed(reply, index, index + line.length) ?? []);
    }
    case 'equation': {
      const ends = equationSpans(reply).map(({ end }) => end);
      const cuts = [0, ...ends, reply.length];
      return cuts.slice(1).flatMap((end, i) => {
        // A stop right after a result belongs to it, and is no step of its own.
        const step = trimmed(reply, cuts[i] ?? 0, end);
        return step && /[\p{L}\p{N}]/u.test(step.text) ? step : [];
      });
    }
    default:
      return splitter satisfies never;
  }
}
