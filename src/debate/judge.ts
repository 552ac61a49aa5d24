import type { Question, Turn } from '../records/records';
import { isCorrect, parseAnswer } from '../tasks/answers';
import { filteredCorrect } from '../tasks/filteredAnswers';

/** Parses and judges a reply: the verdict, and lm-eval's strict-match beside it. Never a model's opinion. */
export function judge(question: Question, reply: string): Pick<Turn, 'answer' | 'correct' | 'strictCorrect'> {
  const answer = parseAnswer(reply, question.answerType, question.options);
  return {
    answer,
    correct: isCorrect(answer, question.gold, question.answerType),
    strictCorrect: filteredCorrect(question, reply, 'strict'),
  };
}
