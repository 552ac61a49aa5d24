/** The arm `single-greedy`: an agent alone at the student's decoding, so that no gain over an agent is one of decoding alone. */
import { AgentError, ArkletError, asArkletError, DownloadError } from '../core/errors';
import { isCompared } from '../settings/evalSets';
import { personaOf } from '../settings/personas';
import type { Question, Turn } from '../records/records';
import { greedyProtocol } from '../records/trajectories';
import type { Shot } from '../debate/prompts';
import type { Protocol } from '../debate/protocol';
import { greedy } from '../debate/singlePass';
import { bestGreedyAgent } from '../eval/arms';
import type { Job } from './job';
import { agentPrompt } from './turnRequests';

/** How the debate phase lets agents speak. */
type Speak = (
  protocol: Protocol,
  questions: readonly Question[],
  sampling: ReturnType<typeof greedy>,
) => Promise<readonly Turn[]>;

/** Agents that can generate, one for each model and system prompt: greedy decoding gives the same for equal ones. */
function askable({ config, agents }: Pick<Job, 'config' | 'agents'>): readonly number[] {
  const backends = agents.map(({ backend }) => backend);
  const first = new Map<string, number>();
  for (let agent = 0; agent < config.nAgents; agent++) {
    const backend = backends[agent % backends.length];
    if (!backend || backend.kind === 'recorded') continue;
    const system = personaOf(config.personas, config.nAgents, agent)?.system ?? '';
    const key = `${backends.indexOf(backend)}|${system}`;
    if (!first.has(key)) first.set(key, agent);
  }
  return [...first.values()];
}

/** The agents each answer once, in round 0, without reading anybody. */
function alone(job: Job, shots: readonly Shot[], agents: readonly number[]): Protocol {
  const prompt = agentPrompt(job, shots);
  return {
    name: greedyProtocol,
    maxTurns: agents.length,
    next(question, turns) {
      const spoken = new Set(turns.map(({ agent }) => agent));
      return agents
        .filter((agent) => !spoken.has(agent))
        .map((agent) => ({
          round: 0,
          agent,
          messages: prompt({ question, agent, round: 0, own: [], peers: [] }),
        }));
    },
  };
}

/**
 * Every agent answers the validation questions greedily, the best of them those that the arms are compared on. Where all of the
 * debate was stored (`debated`) and the agents are not available any more, the run continues without the arm and says so.
 */
export async function greedySingles(
  job: Job,
  shots: readonly Shot[],
  stored: readonly Turn[],
  debated: boolean,
  speak: Speak,
): Promise<readonly Turn[]> {
  const kept = stored.filter(({ protocol }) => protocol === greedyProtocol);
  const agents = askable(job);
  if (agents.length === 0) return kept;
  const of = (holds: (split: string) => boolean): readonly Question[] =>
    job.questions.filter(({ split }) => holds(split));
  const ask = (questions: readonly Question[], who: readonly number[]): Promise<readonly Turn[]> =>
    speak(alone(job, shots, who), questions, greedy(job.config.maxTokens));
  try {
    const judged =
      agents.length > 1
        ? await ask(
            of((split) => split === 'validation'),
            agents,
          )
        : [];
    const best = bestGreedyAgent(judged) ?? agents[0] ?? 0;
    return [...judged, ...(await ask(of(isCompared), [best]))];
  } catch (thrown) {
    const error = asArkletError(thrown);
    const gone = error instanceof AgentError || error instanceof DownloadError;
    if (!debated || !gone) throw thrown;
    const left = new ArkletError(
      `The agents could not be asked once more, so the comparison has no agent at the student's decoding. ${error.message}`,
      'The debate is whole and is used as it is. Start a new run to get that figure too.',
      { cause: error },
    );
    job.emit({ type: 'error', runId: job.runId, error: left.toData() });
    return kept;
  }
}
