/** One new question to the base, to trained adapters and to the ensemble, with the engine that runs use. */
import { asArkletError, ConfigError, DeviceLostError, throwIfAborted } from '../core/errors';
import type { EngineClient } from '../engine/engineClient';
import { withBases } from '../job/adapterSlot';
import { AgentPool } from '../job/agentPool';
import { withLoadRate } from '../job/loadRate';
import { agentSlots, resolveModels, type AgentParts, type ResolvedModels } from '../job/resolveAgents';
import type { JobLock } from '../library/jobLock';
import { fetchCatalogue } from '../models/catalogue';
import { studentOf } from '../models/student';
import { parseConfig } from '../settings/config';
import { specId, type ModelSpec } from '../specs/spec';
import type { AdapterArm, AskArm, AskRequest, AskResult } from '../wire/playground';
import { answer, ensemble, single, type Asker, type Plan } from './askedArm';
import { askedQuestion, checkWords } from './askedQuestion';

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

type AskParts = Omit<PlaygroundParts, 'engine' | 'lock'> & Asker & { readonly engine: EngineClient };

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
  const question = askedQuestion(request);
  if (request.arms.length === 0) throw new ConfigError('No arm is chosen.', 'Choose at least one.');
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
  // An agent may be the student's own base or an adapter on it; the resolved models list it once, last.
  const weightsOf = (spec: ModelSpec): string => resolved.bases.get(specId(spec))?.id ?? specId(spec);
  if (
    voices &&
    resolved.specs.slice(0, config.nAgents).some((spec) => weightsOf(spec) === resolved.student.id)
  )
    needed.set(resolved.student.id, resolved.student);
  const models = [...needed.values()];

  await engine.open(config.backend, models, config.kvCache);
  for (const { id } of models) {
    const onProgress = withLoadRate((load) => parts.progress({ type: 'load', model: id, ...load }));
    await engine.load(id, { signal, onProgress });
  }
  await checkWords(engine, models, question);
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
