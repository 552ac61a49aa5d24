/** The agents at the student's own decoding: one of them, and their vote. Without these a gain of decoding is taken for one of debating. */
import type { Question, Turn } from '../records/records';
import { greedyProtocol } from '../records/trajectories';
import { fromTurn, fromVote, makeArm, type AnsweredArm } from './arms';
import type { TurnIndex } from './turnIndex';

/** The agent with most right greedy answers on the validation questions; the first of equals, null before any answer. */
export function bestGreedyAgent(turns: readonly Turn[]): number | null {
  const right = new Map<number, number>();
  for (const { protocol, split, agent, correct } of turns) {
    if (protocol !== greedyProtocol || split !== 'validation') continue;
    right.set(agent, (right.get(agent) ?? 0) + (correct ? 1 : 0));
  }
  const ranked = [...right].sort(([a, rightA], [b, rightB]) => rightB - rightA || a - b);
  return ranked[0]?.[0] ?? null;
}

function turnsOf(index: TurnIndex, questions: readonly Question[]): readonly Turn[] {
  return questions.flatMap(({ id }) => index.turns(greedyProtocol, id));
}

/** The agents that answered every one of the questions greedily, lowest first. */
function speakers(index: TurnIndex, questions: readonly Question[]): readonly number[] {
  const counts = new Map<number, number>();
  for (const { agent } of turnsOf(index, questions)) counts.set(agent, (counts.get(agent) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count === questions.length)
    .map(([agent]) => agent)
    .sort((a, b) => a - b);
}

/**
 * `single-greedy`: one agent alone, decoded as the student is; the one that was best at that on the validation questions, the
 * first where there are none. Null where no agent could be asked (a debate that was imported or is a recording without it).
 */
export function singleGreedyArm(
  index: TurnIndex,
  questions: readonly Question[],
  validation: readonly Question[],
): AnsweredArm | null {
  const agents = speakers(index, questions);
  const best = bestGreedyAgent(turnsOf(index, validation));
  const agent = best !== null && agents.includes(best) ? best : agents[0];
  if (agent === undefined) return null;
  return makeArm({ kind: 'single-greedy' }, questions, (question) => {
    const turn = index.turns(greedyProtocol, question.id).find((one) => one.agent === agent);
    return fromTurn(index, question, turn, turn ? [turn] : []);
  });
}

/**
 * `vote-greedy:<k>`: majority of one greedy answer of each agent. Agents that share model and prompt answered once and have one
 * vote. Null where fewer than two differ: the vote of one is `single-greedy`.
 */
export function voteGreedyArm(index: TurnIndex, questions: readonly Question[]): AnsweredArm | null {
  const agents = speakers(index, questions);
  if (questions.length === 0 || agents.length < 2) return null;
  return makeArm({ kind: 'vote-greedy', k: agents.length }, questions, (question) => {
    const ballots = index.turns(greedyProtocol, question.id).filter(({ agent }) => agents.includes(agent));
    return fromVote(index, question, ballots, ballots);
  });
}
