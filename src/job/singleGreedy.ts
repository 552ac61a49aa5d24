/** The agents at the student's decoding (`single-greedy`, `vote-greedy:K`), so that no gain over them is one of decoding alone. */
import { AgentError, ArkletError, asArkletError, DownloadError } from '../core/errors';
import { isCompared } from '../settings/evalSets';
import { agentThinking } from '../settings/thinking';
import type { Question, Turn } from '../records/records';
import { greedyProtocol } from '../records/trajectories';
import type { Shot } from '../debate/prompts';
import type { Protocol } from '../debate/protocol';
import { greedy } from '../debate/singlePass';
import { bestGreedyAgent } from '../eval/greedyArms';
import type { Job } from './job';
import { agentPrompt } from './turnRequests';

/** How the debate phase runs agents. */
type Speak = (
  protocol: Protocol,
  questions: readonly Question[],
  sampling: ReturnType<typeof greedy>,
) => Promise<readonly Turn[]>;

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

/** Those of the questions to which each agent of the protocol has an answer. */
function holding(job: Job, protocol: Protocol, questions: readonly Question[]): readonly Question[] {
  return questions.filter((question) =>
    protocol.next(question, []).every(({ messages, round, agent }) => {
      const { backend } = job.agents[agent % job.agents.length] ?? {};
      const place = { protocol: protocol.name, questionId: question.id, round, agent };
      return backend?.holds?.({ messages, place }) ?? true;
    }),
  );
}

/**
 * Agents that can answer all of the questions, one for each model and prompt: greedily, more of the same would say the same. A
 * recording holds the greedy answers of those that differed when it was made.
 */
function askable(job: Job, shots: readonly Shot[], questions: readonly Question[]): readonly number[] {
  const backends = job.agents.map(({ backend }) => backend);
  const first = new Map<string, number>();
  for (let agent = 0; agent < job.config.nAgents; agent++) {
    const backend = backends[agent % backends.length];
    const protocol = alone(job, shots, [agent]);
    const [example] = questions;
    if (!backend || !example || holding(job, protocol, questions).length < questions.length) continue;
    const model = backend.holds ? agent : backends.indexOf(backend);
    const key = JSON.stringify([model, protocol.next(example, []).map(({ messages }) => messages)]);
    if (!first.has(key)) first.set(key, agent);
  }
  return [...first.values()];
}

/**
 * Every agent that differs from the others answers the validation questions and those that the arms are compared on greedily; the
 * best of them on validation also the training questions, where a student is to learn from it (the control single-teacher).
 * Where all of the debate was stored (`debated`) and the agents cannot be asked any more, the run continues without and says so.
 */
export async function greedyTurns(
  job: Job,
  shots: readonly Shot[],
  stored: readonly Turn[],
  debated: boolean,
  speak: Speak,
): Promise<readonly Turn[]> {
  const kept = stored.filter(({ protocol }) => protocol === greedyProtocol);
  const of = (holds: (split: string) => boolean): readonly Question[] =>
    job.questions.filter(({ split }) => holds(split));
  const compared = of((split) => split === 'validation' || isCompared(split));
  const agents = askable(job, shots, compared);
  if (agents.length === 0) return kept;
  try {
    const said = [
      ...(await speak(
        alone(job, shots, agents),
        compared,
        greedy(job.config.maxTokens, agentThinking(job.config)),
      )),
    ];
    if (job.config.controls.includes('single-teacher')) {
      const best = bestGreedyAgent(said) ?? agents[0] ?? 0;
      const teacher = alone(job, shots, [best]);
      said.push(
        ...(await speak(
          teacher,
          holding(
            job,
            teacher,
            of((split) => split === 'train'),
          ),
          greedy(job.config.maxTokens, agentThinking(job.config)),
        )),
      );
    }
    return said;
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
