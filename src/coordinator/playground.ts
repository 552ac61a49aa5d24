/** One new question to the base, to trained adapters and to the ensemble, with the engine that runs use. */
import type { AgentBackend } from '../agents/agent';
import { engineAgent } from '../agents/engine';
import {
  asArkletError,
  ConfigError,
  DeviceLostError,
  throwIfAborted,
  type ArkletError,
} from '../core/errors';
import type { CallContext } from '../rpc/rpc';
import type {
  AdapterArm,
  AskArm,
  AskReply,
  AskRequest,
  AskResult,
  PlaygroundProtocol,
} from '../wire/playground';
import type { Question, Turn } from '../records/records';
import type { RunConfig } from '../settings/config';
import { majority } from '../debate/vote';
import { debate } from '../debate/debate';
import { lastRound, type Protocol } from '../debate/protocol';
import { turnMessages } from '../debate/prompts';
import { runTurns, type TurnSampling } from '../debate/scheduler';
import { selfConsistency } from '../debate/selfConsistency';
import { greedy, singlePass } from '../debate/singlePass';
import { fetchCatalogue } from '../models/catalogue';
import { questionId } from '../tasks/questionText';
import { parseConfig } from '../settings/config';
import type { EngineClient } from '../engine/engineClient';
import { withBases } from '../job/adapterSlot';
import { agentPrompt, agentSampling } from '../job/turnRequests';
import { AgentPool } from '../job/agentPool';
import { promptStyle } from '../job/job';
import type { AgentSlot } from '../job/agentPool';
import type { JobLock } from '../library/jobLock';
import { withLoadRate } from '../job/loadRate';
import { agentSlots, resolveModels, type AgentParts, type ResolvedModels } from '../job/resolveAgents';
import { studentOf } from '../models/student';
import { specId, type ModelSpec } from '../specs/spec';

/** Longest question in characters: a word problem has some hundred. */
const longest = 4000;

export interface PlaygroundParts {
  readonly base: string;
  readonly agents: Omit<AgentParts, 'engine'>;
  readonly lock: JobLock;
  engine(): EngineClient;
  /** The base that an adapter belongs to, and its PEFT files. Throws ConfigError when there is none. */
  adapter(arm: AdapterArm): Promise<{
    readonly student: string;
    readonly files: Readonly<Record<string, Uint8Array>>;
  }>;
}

/** Who asks: hears how it goes, and may end it. */
export type Asker = CallContext<PlaygroundProtocol['ask']>;

type AskParts = Omit<PlaygroundParts, 'engine' | 'lock'> & Asker & { readonly engine: EngineClient };

/** What an arm speaks with. */
interface Plan {
  readonly protocol: Protocol;
  readonly agents: readonly AgentBackend[];
  readonly sampling: TurnSampling | ((agent: number) => TurnSampling);
  /** Whether the last round is voted on. */
  readonly votes: boolean;
}

/** One question at a time, and none while a run works. */
export class Playground {
  readonly #parts: PlaygroundParts;
  #asking: { readonly controller: AbortController; readonly ended: Promise<void> } | null = null;

  constructor(parts: PlaygroundParts) {
    this.#parts = parts;
  }

  /** Ends the question before; throws BusyError while a run works, else what `ask` throws. */
  async ask(request: AskRequest, { signal: asked, progress }: Asker): Promise<readonly AskResult[]> {
    await this.stop();
    throwIfAborted(asked);
    const { lock, engine: open, ...parts } = this.#parts;
    const release = await lock.take();
    const controller = new AbortController();
    const signal = AbortSignal.any([asked, controller.signal]);
    const engine = open();
    const work = ask({ ...parts, engine, signal, progress }, request).finally(release);
    const ended = work.then(
      () => undefined,
      () => undefined,
    );
    this.#asking = { controller, ended };
    try {
      return await work;
    } catch (thrown) {
      // A lost device takes its models with it; the next question opens another.
      if (thrown instanceof DeviceLostError) engine.forget();
      throw asArkletError(thrown);
    } finally {
      if (this.#asking?.controller === controller) this.#asking = null;
    }
  }

  async stop(): Promise<void> {
    this.#asking?.controller.abort();
    await this.#asking?.ended;
  }
}

/** Throws ConfigError (nothing asked, unknown words), what loading throws, AgentError, TokenError, InterruptedError. */
async function ask(parts: AskParts, request: AskRequest): Promise<readonly AskResult[]> {
  const { engine, base, signal } = parts;
  const config = await withBases(parseConfig(request.config), parts.agents.adapter);
  const text = checkedText(request.question);
  const options = checkedOptions(request);
  if (request.arms.length === 0) throw new ConfigError('No arm is chosen.', 'Choose at least one.');
  const question: Question = {
    id: questionId([text, ...options].join('\n')),
    split: 'test',
    text,
    gold: '',
    answerType: request.answerType,
    ...(options.length > 0 && { options }),
  };
  const catalogue = await fetchCatalogue(base, signal);
  const resolved = resolveModels(config, catalogue, base);
  const adapters = new Map<AskArm, Awaited<ReturnType<AskParts['adapter']>>>();
  for (const arm of request.arms) if (arm.type === 'distilled') adapters.set(arm, await parts.adapter(arm));
  const baseOf = (arm: AskArm): ResolvedModels['student'] => {
    const own = adapters.get(arm)?.student;
    return own === undefined ? resolved.student : studentOf(own, catalogue, base);
  };
  const needed = new Map(
    request.arms
      .flatMap((arm) => (arm.type === 'ensemble' ? resolved.models.slice(0, -1) : [baseOf(arm)]))
      .map((model) => [model.id, model]),
  );
  const voices = request.arms.some(({ type }) => type === 'ensemble');
  // An agent may be the student's own base or speak with it, which the resolved lists once, last.
  const weightsOf = (spec: ModelSpec): string => resolved.bases.get(specId(spec))?.id ?? specId(spec);
  if (
    voices &&
    resolved.specs.slice(0, config.nAgents).some((spec) => weightsOf(spec) === resolved.student.id)
  )
    needed.set(resolved.student.id, resolved.student);
  const models = [...needed.values()];

  await engine.open(config.backend, models);
  for (const { id } of models) {
    const onProgress = withLoadRate((load) => parts.progress({ type: 'load', model: id, ...load }));
    await engine.load(id, { signal, onProgress });
  }
  await checkWords(engine, models, [text, ...options].join(' '));
  const slots = voices ? await agentSlots(resolved, config, { ...parts.agents, engine }) : [];
  const agentPool = new AgentPool({ slots, signal, emit: parts.progress });

  const loaded: { readonly model: string; readonly adapter: string }[] = [];
  try {
    await agentPool.ready();
    const plans: Plan[] = [];
    for (const arm of request.arms) {
      const files = adapters.get(arm)?.files;
      if (files === undefined || arm.type !== 'distilled') {
        plans.push(
          arm.type === 'ensemble' ? ensemble(config, slots) : single(engine, resolved.student, config),
        );
        continue;
      }
      const student = baseOf(arm);
      const adapter = `ask/${arm.runId}/${arm.strategy}/${arm.seed}`;
      await engine.putAdapter(student.id, adapter, files);
      loaded.push({ model: student.id, adapter });
      plans.push(single(engine, student, config, adapter));
    }
    return await Promise.all(plans.map((plan, arm) => answer(parts, arm, plan, question, config)));
  } finally {
    await agentPool.release();
    for (const { model, adapter } of loaded) await engine.dropAdapter(model, adapter).catch(() => undefined);
  }
}

function checkedText(input: string): string {
  const text = input.trim().replace(/\s+/g, ' ');
  if (text === '') throw new ConfigError('The question is empty.', 'Write one, or take an example.');
  if (text.length > longest) {
    throw new ConfigError(
      `The question has ${text.length} characters; at most ${longest} can be asked.`,
      'Shorten it.',
    );
  }
  return text;
}

function checkedOptions({ options = [], answerType }: AskRequest): readonly string[] {
  if (answerType !== 'choice') return [];
  const texts = options.map((one) => one.trim().replace(/\s+/g, ' ')).filter((one) => one !== '');
  if (texts.length === 1 || texts.length > 10) {
    throw new ConfigError(
      `A multiple choice has 2 to 10 options; this one has ${texts.length}.`,
      'Write one option a line.',
    );
  }
  if (texts.join('').length > longest)
    throw new ConfigError(`The options have more than ${longest} characters.`, 'Shorten them.');
  return texts;
}

/** Models with a small vocabulary cannot read other words at all: say which, rather than let them guess. */
async function checkWords(
  engine: EngineClient,
  models: ResolvedModels['models'],
  text: string,
): Promise<void> {
  for (const { id } of models) {
    const words = await engine.unknownWords(id, text);
    if (words.length === 0) continue;
    const variants = words.map(
      (word) => [word, word[0]?.toUpperCase() + word.slice(1).toLowerCase()] as const,
    );
    const still = new Set(await engine.unknownWords(id, variants.map(([, variant]) => variant).join(' ')));
    const named = variants.map(([word, variant]) =>
      variant !== word && !still.has(variant) ? `"${word}" (write ${variant})` : `"${word}"`,
    );
    const list = named.length > 1 ? `${named.slice(0, -1).join(', ')} and ${named.at(-1) ?? ''}` : named[0];
    throw new ConfigError(
      `${id === 'student' ? 'The student' : id} does not know the ${words.length === 1 ? 'word' : 'words'} ${list ?? ''}.`,
      'The bundled models read only the words of the problems they were made for: take an example and change its names and numbers.',
      { details: { words } },
    );
  }
}

function single(
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
    sampling: greedy(config.maxTokens),
    votes: false,
  };
}

function ensemble(config: RunConfig, slots: readonly AgentSlot[]): Plan {
  const { nAgents: agents, rounds, consensusStop, visibility, randomPeers, seed } = config;
  const speakers = { config, agents: slots };
  const prompt = agentPrompt(speakers, []);
  return {
    protocol:
      config.protocol === 'debate'
        ? debate({ agents, rounds, consensusStop, visibility, randomPeers, seed, prompt })
        : selfConsistency({ samples: agents, prompt }),
    agents: slots.map(({ backend }) => backend),
    sampling: (agent) => agentSampling(speakers, agent),
    votes: true,
  };
}

function replyOf(turn: Turn): AskReply {
  const { round, agent, model, reply, answer, finishReason, usage } = turn;
  return { round, agent, model, reply, answer, finishReason, tokens: usage.completion };
}

async function answer(
  { progress, signal }: AskParts,
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
  const vote = majority(lastRound(turns));
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
