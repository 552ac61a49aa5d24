/** Questions to be practised on (GRPO), and AgentArk's questions with all that was answered. */
import type { LeftOut } from './leftOut';
import type { AgentArkRow, PromptRow } from './rows';
import type { Answered } from './source';

export function promptRows(answered: readonly Answered[]): PromptRow[] {
  const choices = answered.some(({ question }) => question.options !== undefined);
  return answered.map(({ question, prompt }) => ({
    prompt: [...prompt],
    solution: question.gold,
    question: question.text,
    answer: question.goldWritten ?? question.gold,
    type: question.answerType,
    // One list in every row: readers of JSON Lines take a column's type from all of them.
    ...(choices && { options: [...(question.options ?? [])] }),
    question_id: question.id,
  }));
}

export function agentArkRows(answered: readonly Answered[], left: LeftOut): AgentArkRow[] {
  return answered.flatMap(({ question, prompt, turns }) => {
    if (turns.length === 0) {
      left.add('no-turn');
      return [];
    }
    return {
      query: prompt.map(({ content }) => content).join('\n\n'),
      gt: question.goldWritten ?? question.gold,
      solutions: turns.map((turn, i) => ({ id: i + 1, text: turn.reply.trim(), is_correct: turn.correct })),
      labels: turns.map(({ correct }) => correct),
    };
  });
}
