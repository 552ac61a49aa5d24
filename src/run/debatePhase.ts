/** Everything that the agents say: the debate, and the independent samples that it is held against. */
import type { Question, Turn } from '../core/records';
import { debate } from '../debate/debate';
import type { Protocol, TurnPrompt } from '../debate/protocol';
import { turnMessages, type Shot } from '../debate/prompts';
import { runTurns } from '../debate/scheduler';
import { selfConsistency } from '../debate/selfConsistency';
import type { Job } from './job';

/** Solved training questions that the agents see before the one asked. */
export function shotsOf(job: Job): readonly Shot[] {
  return job.questions
    .filter(({ split, solution }) => split === 'train' && solution !== undefined)
    .slice(0, job.config.shots)
    .map(({ text, solution = '' }) => ({ question: text, solution }));
}

function agentPrompt(job: Job): TurnPrompt {
  const shots = shotsOf(job);
  return ({ question, agent, own, peers }) => {
    const slot = job.agents[agent % job.agents.length];
    return turnMessages({ style: slot?.style ?? 'natural', question, own, peers, shots });
  };
}

/** Runs one protocol on some questions; stored turns are not spoken again. */
export async function speakAll(
  job: Job,
  protocol: Protocol,
  questions: readonly Question[],
  stored: readonly Turn[],
  detail: string,
): Promise<readonly Turn[]> {
  const { temperature, topP, maxTokens, seed } = job.config;
  return runTurns({
    runId: job.runId,
    seed,
    protocol,
    questions,
    agents: job.agents.map(({ backend }) => backend),
    sampling: { temperature, topP, maxTokens },
    stored,
    gate: job.gate,
    signal: job.signal,
    record: async (turn, timing) => {
      await job.writer.write(turn, timing);
      job.emit({ type: 'turn', runId: job.runId, turn });
    },
    onText: ({ questionId, round, agent }, text) =>
      job.emit({ type: 'text', runId: job.runId, questionId, round, agent, text }),
    onProblem: (_place, error) => job.emit({ type: 'error', runId: job.runId, error: error.toData() }),
    onProgress: ({ turnsDone, turns, secondsLeft, tokensPerSecond }) =>
      job.progress('debate', { done: turnsDone, total: turns, detail, secondsLeft, tokensPerSecond }),
  });
}

/**
 * The debate on all questions, then independent samples at the debate's token budget: on the test questions for the
 * arm vote-equal-tokens, on the training questions for the self-consistency control.
 */
export async function debatePhase(job: Job, stored: readonly Turn[]): Promise<readonly Turn[]> {
  const { config, questions } = job;
  const prompt = agentPrompt(job);
  if (config.protocol === 'self-consistency') {
    const samples = selfConsistency({ samples: config.nAgents, prompt });
    return speakAll(job, samples, questions, stored, 'independent samples');
  }
  const { nAgents: agents, rounds, consensusStop, visibility, randomPeers, seed } = config;
  const protocol = debate({ agents, rounds, consensusStop, visibility, randomPeers, seed, prompt });
  const debated = await speakAll(job, protocol, questions, stored, 'debate');
  const byQuestion = new Map<string, Turn[]>();
  for (const turn of debated) {
    const list = byQuestion.get(turn.questionId);
    if (list) list.push(turn);
    else byQuestion.set(turn.questionId, [turn]);
  }
  const sampled = new Set(['test', ...(config.controls.includes('self-consistency') ? ['train'] : [])]);
  const samples = selfConsistency({
    samples: agents,
    prompt,
    prior: (id) => (byQuestion.get(id) ?? []).filter(({ round }) => round === 0),
    budget: (id) => (byQuestion.get(id) ?? []).reduce((sum, turn) => sum + turn.usage.completion, 0),
  });
  const others = await speakAll(
    job,
    samples,
    questions.filter(({ split }) => sampled.has(split)),
    stored,
    'independent samples at equal tokens',
  );
  return [...debated, ...others];
}
