import type { Message, Question } from '../records/records';
import type { Protocol } from './protocol';
import type { ThinkingSampling } from '../settings/thinking';
import type { TurnSampling } from './scheduler';

/**
 * One answer a question, by agent 0 in round 0: the evaluation of a student (named by records/evalProtocol.ts), its self-check (the messages
 * hold its own earlier answer) and the summariser (the messages hold the last round).
 */
export function singlePass(options: {
  readonly name: string;
  readonly messages: (question: Question) => readonly Message[];
}): Protocol {
  return {
    name: options.name,
    maxTurns: 1,
    next: (question, turns) =>
      turns.length > 0 ? [] : [{ round: 0, agent: 0, messages: options.messages(question) }],
  };
}

/** Greedy decoding: what every single-pass arm is evaluated with. */
export function greedy(maxTokens: number, thinking: ThinkingSampling = {}): TurnSampling {
  return { temperature: 0, topP: 1, maxTokens, ...thinking };
}
