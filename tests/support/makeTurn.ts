import type { Question, Turn, TurnTiming } from '../../src/records/records';

/** A turn as a test needs one: what it is about is named, the rest is of no matter. Strictly correct where correct. */
export function makeTurn(change: Partial<Turn> = {}): Turn {
  return {
    runId: 'run',
    questionId: 'q',
    split: 'train',
    protocol: 'debate',
    round: 0,
    agent: 0,
    model: 'model',
    backend: 'engine',
    messages: [{ role: 'user', content: 'question' }],
    reply: '#### 1',
    answer: '1',
    correct: true,
    strictCorrect: change.correct ?? true,
    finishReason: 'stop',
    usage: { prompt: 1, completion: 1 },
    sampling: { temperature: 1, topP: 1, seed: 0, maxTokens: 64 },
    logprobKind: null,
    ...change,
  };
}

/** A turn that answers a question, right where the answer is its gold one; null is a reply without an answer. */
export function makeAnswer(question: Question, answer: string | null, change: Partial<Turn> = {}): Turn {
  return makeTurn({
    questionId: question.id,
    split: question.split,
    messages: [{ role: 'user', content: question.text }],
    reply: `#### ${answer}`,
    answer,
    correct: answer === question.gold,
    ...change,
  });
}

/** The clock values of a turn. */
export function makeTiming(turn: Turn, startedAt = 1, seconds = 2): TurnTiming {
  const { questionId, protocol, round, agent } = turn;
  return { questionId, protocol, round, agent, startedAt, seconds };
}
