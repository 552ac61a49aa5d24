/** From the names in a config to the agents and the student of a job. */
import { endpointAgent, parseEndpoint } from '../agents/endpoint';
import { engineAgent } from '../agents/engine';
import { recordedAgent } from '../agents/recorded';
import { ConfigError, DownloadError } from '../core/errors';
import type { RunConfig } from '../core/records';
import type { BundledModel } from '../models/catalogue';
import { resolveModel, type ModelRef } from '../models/modelSpec';
import type { EngineClient } from './engineClient';
import { parseTrajectories } from './exports';
import { promptStyle, type AgentSlot } from './job';
import { bundled } from './presets';

/** Models that our engine must hold, and what the run's names stand for. */
export interface Cast {
  /** Agent names with "bundled" written out. */
  readonly specs: readonly string[];
  readonly student: ModelRef;
  /** Every model of the engine, each once, the student last. */
  readonly models: readonly ModelRef[];
}

function foreign(spec: string): 'endpoint' | 'recorded' | null {
  if (spec.startsWith('endpoint:')) return 'endpoint';
  if (spec.startsWith('recorded:')) return 'recorded';
  const other = /^(webllm|transformers):/.exec(spec)?.[1];
  if (other) {
    throw new ConfigError(
      `${spec}: agents of ${other} are not part of this version.`,
      'Use bundled models, a folder, a .gguf file, endpoint:URL#MODEL or recorded:FILE.',
    );
  }
  return null;
}

/** Throws ConfigError for a name that nothing stands behind. */
export function castOf(config: RunConfig, catalogue: readonly BundledModel[], base: string): Cast {
  const ofRole = (role: string): string[] => catalogue.filter((one) => one.role === role).map(({ id }) => id);
  const specs = config.agents.flatMap((spec) => (spec === bundled ? ofRole('agent') : [spec]));
  const studentSpec = config.student === bundled ? ofRole('student')[0] : config.student;
  if (specs.length === 0 || studentSpec === undefined) {
    throw new ConfigError('This build has no bundled models.', 'Name agents and a student.');
  }
  const student = resolveModel(studentSpec, { base, catalogue });
  const models = new Map<string, ModelRef>();
  for (const spec of specs.slice(0, config.nAgents)) {
    if (foreign(spec)) continue;
    const ref = resolveModel(spec, { base, catalogue });
    models.set(ref.id, ref);
  }
  models.delete(student.id);
  return { specs, student, models: [...models.values(), student] };
}

async function fetchText(spec: string, base: string): Promise<string> {
  const url = new URL(spec, base).href;
  const response = await fetch(url).catch(() => null);
  if (!response?.ok) {
    throw new DownloadError(
      `${url} could not be read (${response?.status ?? 'no answer'}).`,
      'Check the address.',
    );
  }
  return response.text();
}

/** One slot per name; names that repeat share their backend, so that its requests are batched together. */
export async function agentSlots(
  cast: Cast,
  config: RunConfig,
  engine: EngineClient,
  base: string,
): Promise<AgentSlot[]> {
  const byId = new Map(cast.models.map((ref) => [ref.id, ref]));
  const made = new Map<string, AgentSlot>();
  for (const spec of cast.specs.slice(0, config.nAgents)) {
    if (made.has(spec)) continue;
    const kind = foreign(spec);
    if (kind === 'endpoint')
      made.set(spec, { backend: endpointAgent(parseEndpoint(spec)), style: 'natural' });
    else if (kind === 'recorded') {
      const turns = parseTrajectories(await fetchText(spec.slice('recorded:'.length), base), spec);
      const prompts = turns
        .filter(({ round }) => round === 0)
        .map(({ messages }) => messages.at(-1)?.content ?? '');
      const natural = prompts.some((text) => text.includes('Think step by step'));
      made.set(spec, { backend: recordedAgent(spec, turns), style: natural ? 'natural' : 'compact' });
    } else {
      const ref = byId.get(spec);
      if (!ref) continue;
      const style = promptStyle(ref);
      const backend = engineAgent(engine, { model: ref.id, shortens: style === 'natural' });
      made.set(spec, { backend, style });
    }
  }
  return cast.specs.slice(0, config.nAgents).flatMap((spec) => made.get(spec) ?? []);
}
