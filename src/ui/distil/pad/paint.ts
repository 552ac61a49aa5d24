/** A reply cut into its scored steps and the text between them. */
import type { PadStep } from '../../../records/padRecords';

export type ScoreKind = 'good' | 'unsure' | 'bad';

export type Piece =
  | { readonly kind: null; readonly text: string }
  | {
      readonly kind: ScoreKind;
      readonly text: string;
      /** p(good) in per cent, whole. */
      readonly percent: number;
      /** The step's known label is on the other side of one half. */
      readonly missed: boolean;
    };

export function scoreKind(good: number): ScoreKind {
  if (good >= 2 / 3) return 'good';
  return good <= 1 / 3 ? 'bad' : 'unsure';
}

/** Pieces in order that join to the reply. Steps that overlap or lie outside are left out. */
export function paint(reply: string, steps: readonly PadStep[]): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const { start, end, good, label } of steps) {
    if (start < at || end <= start || end > reply.length) continue;
    if (start > at) pieces.push({ kind: null, text: reply.slice(at, start) });
    pieces.push({
      kind: scoreKind(good),
      text: reply.slice(start, end),
      percent: Math.round(100 * good),
      missed: label !== null && label !== undefined && label >= 0.5 !== good >= 0.5,
    });
    at = end;
  }
  if (at < reply.length) pieces.push({ kind: null, text: reply.slice(at) });
  return pieces;
}
