/** trajectories.jsonl: what is in it, in which order, and its text. Same run, same bytes. */
import { isEvaluation } from './evalProtocol';
import type { Turn } from './records';

/** The order of trajectories.jsonl: question, protocol, round, agent. */
export function compareTurns(a: Turn, b: Turn): number {
  if (a.questionId !== b.questionId) return a.questionId < b.questionId ? -1 : 1;
  if (a.protocol !== b.protocol) return a.protocol < b.protocol ? -1 : 1;
  return a.round - b.round || a.agent - b.agent;
}

/** Turns of a student under evaluation are answers, not trajectories. */
export function isTrajectory(turn: Turn): boolean {
  return !isEvaluation(turn.protocol);
}

/** One line of trajectories.jsonl, its keys in the order of the contract. */
function turnLine(turn: Turn): string {
  const { temperature, topP, topK, minP, seed, maxTokens, stop, thinking, thinkingBudget } = turn.sampling;
  const { prompt, completion, thoughts } = turn.usage;
  return JSON.stringify({
    runId: turn.runId,
    questionId: turn.questionId,
    split: turn.split,
    protocol: turn.protocol,
    round: turn.round,
    agent: turn.agent,
    model: turn.model,
    backend: turn.backend,
    ...(turn.style === undefined ? {} : { style: turn.style }),
    messages: turn.messages.map(({ role, content }) => ({ role, content })),
    ...(turn.shortened === undefined ? {} : { shortened: turn.shortened }),
    ...(turn.read === undefined ? {} : { read: turn.read }),
    reply: turn.reply,
    ...(turn.thoughts === undefined ? {} : { thoughts: turn.thoughts }),
    answer: turn.answer,
    correct: turn.correct,
    strictCorrect: turn.strictCorrect,
    finishReason: turn.finishReason,
    usage: { prompt, completion, ...(thoughts === undefined ? {} : { thoughts }) },
    sampling: {
      temperature,
      topP,
      ...(topK === undefined ? {} : { topK }),
      ...(minP === undefined ? {} : { minP }),
      seed,
      maxTokens,
      ...(stop === undefined ? {} : { stop }),
      ...(thinking === undefined ? {} : { thinking }),
      ...(thinkingBudget === undefined ? {} : { thinkingBudget }),
    },
    ...(turn.promptIds && { promptIds: turn.promptIds }),
    ...(turn.replyIds && { replyIds: turn.replyIds }),
    ...(turn.logprobs && { logprobs: turn.logprobs }),
    logprobKind: turn.logprobKind,
  });
}

/** JSON Lines sorted by question, protocol, round and agent; every line ends with a line break. */
export function trajectoriesJsonl(turns: readonly Turn[]): string {
  return turns
    .filter(isTrajectory)
    .sort(compareTurns)
    .map((turn) => `${turnLine(turn)}\n`)
    .join('');
}

/** The protocol name of what agents answer alone at the student's decoding (the arm `single-greedy`). */
export const greedyProtocol = 'single-greedy';
