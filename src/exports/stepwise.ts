/** Replies as steps with a verdict each, by the task's own checker: what a process reward model learns from. */
import { checkedLabels } from '../distil/rewardTraces';
import { splitReply } from '../distil/pad/textSteps';
import type { RunConfig } from '../settings/config';
import type { LeftOut } from './leftOut';
import type { StepwiseRow } from './rows';
import { writerOf, type Answered } from './source';

/**
 * TRL wants a label for every step. Text in which nothing is computed or concluded has none: it stands before the step that follows it,
 * and what follows the last step that has a label is left out.
 */
export function stepwiseRows(
  answered: readonly Answered[],
  { pad: { reward } }: RunConfig,
  left: LeftOut,
): StepwiseRow[] {
  const { splitter, afterError } = reward;
  return answered.flatMap(({ question, prompt, turns }) =>
    turns.flatMap((turn) => {
      const reply = turn.reply.trim();
      const key = `${question.id}/${turn.round}/${turn.agent}`;
      const labels = checkedLabels({ key, question, turn }, { splitter, afterFirstError: afterError });
      const completions: string[] = [];
      const verdicts: boolean[] = [];
      let from = 0;
      splitReply(reply, splitter).forEach(({ end }, i) => {
        const label = labels[i];
        if (label === null || label === undefined) return;
        completions.push(reply.slice(from, end).trim());
        verdicts.push(label === 1);
        from = end;
      });
      if (completions.length === 0) {
        left.add('no-step');
        return [];
      }
      return {
        prompt: prompt.map(({ content }) => content).join('\n\n'),
        completions,
        labels: verdicts,
        question_id: question.id,
        writer: writerOf(turn),
        round: turn.round,
      };
    }),
  );
}
