import type { Question, Turn } from '../core/records';
import { isCorrect, parseAnswer, strictAnswer } from '../tasks/answers';

/** Parses and judges a reply, flexibly and strictly. Never a model's opinion. */
export function judge(question: Question, reply: string): Pick<Turn, 'answer' | 'correct' | 'strictCorrect'> {
  const answer = parseAnswer(reply, question.answerType);
  const strict = strictAnswer(reply, question.answerType);
  return {
    answer,
    correct: isCorrect(answer, question.gold, question.answerType),
    strictCorrect: isCorrect(strict, question.gold, question.answerType),
  };
}
