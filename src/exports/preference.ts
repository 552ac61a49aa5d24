/** Pairs of turns about one question by one writer, of which one is right and one is wrong. */
import { groupedBy } from '../core/groupedBy';
import type { Turn } from '../records/records';
import type { LeftOut } from './leftOut';
import type { PreferenceRow } from './rows';
import { writerOf, type Answered } from './source';

/** A right reply that was cut may have lost its end: it is preferred only where its answer stands in the asked-for form. */
const isWhole = (turn: Turn): boolean => turn.finishReason !== 'length' || turn.strictCorrect;

/** The right turn that is nearest in rounds, the later of two. */
function nearest(wrong: Turn, right: readonly Turn[]): Turn | undefined {
  const distance = (turn: Turn): number => Math.abs(turn.round - wrong.round);
  return [...right].sort((a, b) => distance(a) - distance(b) || b.round - a.round)[0];
}

/** Each wrong turn beside the nearest right one of the same question and writer; pairs of the same texts once. */
export function preferenceRows(answered: readonly Answered[], left: LeftOut): PreferenceRow[] {
  return answered.flatMap(({ question, prompt, turns }) => {
    const seen = new Set<string>();
    const rows: PreferenceRow[] = [];
    for (const own of groupedBy(turns, writerOf).values()) {
      const right = own.filter((turn) => turn.correct && isWhole(turn));
      for (const wrong of own.filter((turn) => !turn.correct)) {
        const chosen = nearest(wrong, right);
        if (!chosen) continue;
        const pair = JSON.stringify([chosen.reply.trim(), wrong.reply.trim()]);
        if (seen.has(pair)) {
          left.add('repeated-pair');
          continue;
        }
        seen.add(pair);
        rows.push({
          prompt: [...prompt],
          chosen: [{ role: 'assistant', content: chosen.reply.trim() }],
          rejected: [{ role: 'assistant', content: wrong.reply.trim() }],
          question_id: question.id,
          writer: writerOf(wrong),
          chosen_round: chosen.round,
          rejected_round: wrong.round,
        });
      }
    }
    if (rows.length === 0) left.add('no-pair');
    return rows;
  });
}
