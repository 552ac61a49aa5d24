/** An arm of the playground: what it answers with, and its turns on one question. */
import type { AgentBackend } from '../agents/agent';
import { engineAgent } from '../agents/engine';
import { throwIfAborted, type ArkletError } from '../core/errors';
import { debate } from '../debate/debate';
import { turnMessages } from '../debate/prompts';
import { lastRound, type Protocol } from '../debate/protocol';
import { runTurns, type TurnSampling } from '../debate/scheduler';
import { selfConsistency } from '../debate/selfConsistency';
import { greedy, singlePass } from '../debate/singlePass';
import { majority, tieBreakOf } from '../debate/vote';
import type { EngineClient } from '../engine/engineClient';
import type { AgentSlot } from '../job/agentPool';
import { promptStyle } from '../job/job';
import type { ResolvedModels } from '../job/resolveAgents';
import { agentPrompt, agentSampling } from '../job/turnRequests';
import type { Question, Turn } from '../records/records';
import type { CallContext } from '../rpc/rpc';
import type { RunConfig } from '../settings/config';
import { studentThinking } from '../settings/thinking';
import type { AskReply, AskResult, PlaygroundProtocol } from '../wire/playground';

/** The caller of `ask`: gets its progress, and may abort it. */
export type Asker = CallContext<PlaygroundProtocol['ask']>;

/** What an arm answers with. */
export interface Plan {
  readonly protocol: Protocol;
  readonly agents: readonly AgentBackend[];
  readonly sampling: TurnSampling | ((agent: number) => TurnSampling);
  /** Whether the last round is voted on. */
  readonly votes: boolean;
}

/** One greedy pass of the student, with or without an adapter. */
export function single(
  engine: EngineClient,
  student: ResolvedModels['student'],
  config: RunConfig,
  adapter?: string,
): Plan {
  const style = promptStyle(student);
  return {
    protocol: singlePass({
      name: 'ask',
      messages: (question) => turnMessages({ style, question, own: [], peers: [] }),
    }),
    agents: [engineAgent(engine, { model: student.id, adapter: adapter ?? null })],
    sampling: greedy(config.maxTokens, studentThinking(config)),
    votes: false,
  };
}

/** The run's agents by its protocol, with a vote at the end. */
export function ensemble(config: RunConfig, slots: readonly AgentSlot[]): Plan {
  const { nAgents } = config;
  const speakers = { config, agents: slots };
  const prompt = agentPrompt(speakers, []);
  return {
    protocol:
      config.protocol === 'debate'
        ? debate({ ...config, agents: nAgents, prompt })
        : selfConsistency({ samples: nAgents, prompt }),
    agents: slots.map(({ backend }) => backend),
    sampling: (agent) => agentSampling(speakers, agent),
    votes: true,
  };
}

function replyOf(turn: Turn): AskReply {
  const { round, agent, model, reply, thoughts, answer, finishReason, usage } = turn;
  return {
    round,
    agent,
    model,
    reply,
    ...(thoughts !== undefined && { thoughts }),
    answer,
    finishReason,
    tokens: usage.completion,
  };
}

/** Runs an arm's turns on the question; every turn and the result go to the asker. */
export async function answer(
  { progress, signal }: Asker,
  arm: number,
  plan: Plan,
  question: Question,
  config: RunConfig,
): Promise<AskResult> {
  const began = performance.now();
  let problem: ArkletError | null = null;
  const turns = await runTurns({
    runId: 'ask',
    seed: config.seed,
    protocol: plan.protocol,
    questions: [question],
    agents: plan.agents,
    sampling: plan.sampling,
    retries: 0,
    signal,
    record: async (turn) => progress({ type: 'reply', arm, reply: replyOf(turn) }),
    onText: ({ round, agent }, text) => progress({ type: 'text', arm, round, agent, text }),
    onProblem: (_place, error) => (problem ??= error),
  });
  throwIfAborted(signal);
  if (turns.every(({ finishReason }) => finishReason === 'error') && problem !== null)
    throw problem as ArkletError;
  const vote = majority(lastRound(turns), ({ answer }) => answer, tieBreakOf(config));
  const result: AskResult = {
    answer: vote.answer,
    votes: plan.votes ? { count: vote.count, total: vote.total } : null,
    tokens: turns.reduce((sum, { usage }) => sum + usage.completion, 0),
    seconds: (performance.now() - began) / 1000,
    replies: turns.map(replyOf),
  };
  progress({ type: 'done', arm, result });
  return result;
}
