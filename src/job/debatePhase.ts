/** Everything that the agents generate: the debate, and the independent samples that it is compared with. */
import type { AgentBackend } from '../agents/agent';
import { groupedBy } from '../core/groupedBy';
import type { Question, Turn } from '../records/records';
import { readReply } from '../records/thoughts';
import { isCompared } from '../settings/evalSets';
import { agentThinking } from '../settings/thinking';
import { debate } from '../debate/debate';
import { lastRound, styled, type Protocol } from '../debate/protocol';
import { summariserMessages, type Shot } from '../debate/prompts';
import { runTurns, type TurnSampling } from '../debate/scheduler';
import { selfConsistency } from '../debate/selfConsistency';
import { isShown } from '../debate/visibility';
import { greedy, singlePass } from '../debate/singlePass';
import { summariserProtocol, zeroShotProtocol } from '../eval/arms';
import { debateBudget } from '../eval/equalTokens';
import type { Job } from './job';
import type { ProgressDetail } from '../wire/progress';
import { isImported } from './resolveAgents';
import { greedyTurns } from './singleGreedy';
import { agentPrompt, agentSampling } from './turnRequests';

/** Solved training questions that the agents see before the one asked. */
export function shotsOf(job: Pick<Job, 'config' | 'questions'>): readonly Shot[] {
  return job.questions
    .filter(({ split, solution }) => split === 'train' && solution !== undefined)
    .slice(0, job.config.shots)
    .map(({ text, solution = '' }) => ({ question: text, solution }));
}

/** What the agents are at. */
type SpeakingKind = Exclude<ProgressDetail, { readonly arm: string } | { readonly strategy: string }>['kind'];

/** Runs one protocol on some questions; stored turns are not generated again. */
export async function speakAll(
  job: Job,
  protocol: Protocol,
  questions: readonly Question[],
  stored: readonly Turn[],
  kind: SpeakingKind,
  sampling?: TurnSampling,
): Promise<readonly Turn[]> {
  const spoken = byQuestion(stored.filter((turn) => turn.protocol === protocol.name));
  // A debate that is stored to its end is resumed without its agents, whose server may be gone by now.
  const open = questions.some((one) => protocol.next(one, spoken.get(one.id) ?? []).length > 0);
  const alone = job.config.schedule === 'one-at-a-time';
  if (open && !alone) await job.agentPool.ready();
  return runTurns({
    runId: job.runId,
    seed: job.config.seed,
    protocol: styled(protocol, (agent) => job.agents[agent % job.agents.length]?.style ?? 'natural'),
    questions,
    agents: job.agents.map(({ backend }) => backend),
    ...(alone && { only: (backend: AgentBackend) => job.agentPool.only(backend) }),
    sampling: (agent) => sampling ?? agentSampling(job, agent),
    stored,
    gate: job.gate,
    signal: job.signal,
    record: async (turn, timing) => {
      await job.writer.write(turn, timing);
      job.emit({ type: 'turn', runId: job.runId, turn });
    },
    onText: ({ questionId, round, agent }, text) =>
      job.emit({ type: 'text', runId: job.runId, questionId, round, agent, text }),
    onProblem: (place, error) => job.emit({ type: 'error', runId: job.runId, error: error.toData(), place }),
    onProgress: ({ turnsDone, turns, secondsLeft, tokensPerSecond }) =>
      job.progress('debate', {
        done: turnsDone,
        total: turns,
        detail: { kind },
        secondsLeft,
        tokensPerSecond,
      }),
  });
}

/**
 * The debate on all questions, then independent samples at the debate's token budget (on the test questions for the votes at
 * equal tokens, on the training questions for the self-consistency control), the vote without shots, the summariser
 * and the agents at the student's decoding.
 */
export async function debatePhase(job: Job, stored: readonly Turn[]): Promise<readonly Turn[]> {
  const spoken = await debateAndSamples(job, stored);
  const { config, questions } = job;
  if (config.zeroShotVote > 0) {
    const vote = selfConsistency({
      name: zeroShotProtocol,
      samples: config.zeroShotVote,
      prompt: agentPrompt(job, []),
    });
    const tested = questions.filter(({ split }) => split === 'test');
    spoken.push(...(await speakAll(job, vote, tested, stored, 'zero-shot-samples')));
  }
  if (config.summariser && config.protocol === 'debate')
    spoken.push(...(await summarise(job, spoken, stored)));
  const before = new Set(stored);
  const debated = spoken.every((turn) => before.has(turn));
  const ask = (protocol: Protocol, on: readonly Question[], sampling: TurnSampling) =>
    speakAll(job, protocol, on, stored, 'single-greedy', sampling);
  return [...spoken, ...(await greedyTurns(job, shotsOf(job), stored, debated, ask))];
}

/** The first agent reads the last round of each question that the arms are compared on. */
async function summarise(
  job: Job,
  spoken: readonly Turn[],
  stored: readonly Turn[],
): Promise<readonly Turn[]> {
  const compared = job.questions.filter(({ split }) => isCompared(split));
  const debated = byQuestion(spoken.filter(({ protocol }) => protocol === 'debate'));
  const style = job.agents[0]?.style ?? 'natural';
  const protocol = singlePass({
    name: summariserProtocol,
    messages: (question) => {
      const last = lastRound(debated.get(question.id) ?? []).filter(isShown);
      const replies = last.map((turn) => readReply(turn, job.config.readThoughts));
      return summariserMessages({ style, question, replies });
    },
  });
  return speakAll(
    job,
    protocol,
    compared,
    stored,
    'summariser',
    greedy(job.config.maxTokens, agentThinking(job.config)),
  );
}

const byQuestion = (turns: readonly Turn[]): Map<string, Turn[]> =>
  groupedBy(turns, ({ questionId }) => questionId);

async function debateAndSamples(job: Job, stored: readonly Turn[]): Promise<Turn[]> {
  const { config, questions } = job;
  const prompt = agentPrompt(job, shotsOf(job));
  if (config.protocol === 'self-consistency') {
    const samples = selfConsistency({ samples: config.nAgents, prompt });
    return [...(await speakAll(job, samples, questions, stored, 'samples'))];
  }
  const protocol = debate({ ...config, agents: config.nAgents, prompt });
  const debated = await speakAll(job, protocol, questions, stored, 'debate');
  const turns = byQuestion(debated);
  if (isImported(job)) {
    // A recording cannot generate new samples.
    return [...debated, ...stored.filter((turn) => turn.protocol === 'self-consistency')];
  }
  const tested = new Set(questions.filter(({ split }) => split === 'test').map(({ id }) => id));
  const sampled = new Set(['test', ...(config.controls.includes('self-consistency') ? ['train'] : [])]);
  const samples = selfConsistency({
    samples: config.nAgents,
    prompt,
    prior: (id) => (turns.get(id) ?? []).filter(({ round }) => round === 0),
    budget: (id) => debateBudget(turns.get(id) ?? []).generated,
    // On the training questions the control is equal in generated tokens.
    totalBudget: (id) => (tested.has(id) ? debateBudget(turns.get(id) ?? []).total : 0),
    most: config.maxSamples,
    holds: ({ id }, { messages, round, agent }) => {
      const { backend } = job.agents[agent % job.agents.length] ?? {};
      const place = { protocol: 'self-consistency', questionId: id, round, agent };
      return backend?.holds?.({ messages, place }) ?? true;
    },
  });
  const others = await speakAll(
    job,
    samples,
    questions.filter(({ split }) => sampled.has(split)),
    stored,
    'equal-token-samples',
  );
  return [...debated, ...others];
}
