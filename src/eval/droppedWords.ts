/** What report.md, the page and the command call what a filter removed. */
import type { DropReason } from '../records/dropped';

export const droppedWords: Readonly<Record<DropReason, string>> = {
  'failed-trace': 'failed traces',
  'empty-trace': 'empty traces',
  'excluded-trace': 'traces excluded by hand',
  'wrong-trace': 'wrong traces',
  'truncated-trace': 'truncated traces',
  'correct-trace': 'correct traces',
  'unparsed-trace': 'traces without an answer',
  'near-duplicate': 'near-duplicate traces',
  'correct-not-drawn': 'correct traces not drawn',
  'wrong-not-drawn': 'wrong traces not drawn',
  'correct-of-dropped-question': 'correct traces of dropped questions',
  'held-out-agent': 'traces of held-out agents',
  'unlabelled-trace': 'traces of questions without a label',
  'peer-quoting-trace': 'traces that mention peers',
  'wrong-step-trace': 'traces with a wrong step',
  'unsupported-step-trace': 'traces with a result that hardly any other has',
  'repeated-answer': 'repeated answers',
  'right-answer-not-drawn': 'right answers not drawn',
  'excluded-question': 'questions excluded by hand',
  'no-solution': 'questions without a solution',
  'no-correct-trace': 'questions without a correct trace',
  'fewer-than-2-correct-traces': 'questions with fewer than 2 correct traces',
  'no-wrong-trace': 'questions without a wrong trace',
  'short-of-debate-tokens': 'questions short of the debate tokens',
  'unlabelled-question': 'questions without a label',
  'no-clean-trace': 'questions of which no trace passed the filters',
};

/** Names and counts, in the order of the counts; '' where nothing was removed. */
export function droppedText(dropped: Readonly<Partial<Record<DropReason, number>>>): string {
  return (Object.entries(dropped) as [DropReason, number][])
    .map(([reason, count]) => `${droppedWords[reason]}: ${count}`)
    .join(', ');
}
