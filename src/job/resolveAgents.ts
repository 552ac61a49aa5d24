/** From the names in a config to the agents and the student of a job. */
import { endpointAgent, parseEndpoint } from '../agents/endpoint/endpoint';
import type { AgentBackend } from '../agents/agent';
import { engineAgent } from '../agents/engine';
import { recordedAgent } from '../agents/recorded';
import { ConfigError, DownloadError } from '../core/errors';
import type { Turn } from '../records/records';
import type { RunConfig } from '../settings/config';
import { importedAgents, isTrajectory } from '../records/trajectories';
import type { BundledModel } from '../models/catalogue';
import { resolveModel, type ModelRef } from '../models/modelSpec';
import type { EngineClient } from '../engine/engineClient';
import { parseTrajectories, unpackArchive } from '../records/archiveFile';
import { promptStyle } from './job';
import type { AgentSlot } from './crew';
import { bundled } from '../settings/table';
import { agentSpecs, foreign } from '../specs/agentSpecs';
import { noModels, ofRole, studentOf } from '../models/student';

/** Models that our engine must hold, and what the run's names stand for. */
export interface Cast {
  /** Agent names with "bundled" written out; agent i is specs[i mod length]. */
  readonly specs: readonly string[];
  readonly student: ModelRef;
  /** Every model of the engine, each once, the student last. */
  readonly models: readonly ModelRef[];
}

/** Whether everything that the agents will ever say was imported with the run. */
export function isImported({ specs }: { readonly specs: readonly string[] }): boolean {
  return specs.every((spec) => spec === importedAgents);
}

/** Agents that live in a worker of their own, by the name after "KIND:". The page's coordinator has both, Node neither. */
export interface AgentMakers {
  transformers?(name: string, options: MakerOptions): AgentBackend;
  webllm?(name: string, options: MakerOptions): AgentBackend;
}

interface MakerOptions {
  /** The app's address, ending with a slash. */
  readonly base: string;
  /** What the run's --backend means for it. */
  readonly device: 'auto' | 'webgpu' | 'wasm';
}

/** What agents are made with. */
export interface AgentParts {
  readonly engine: EngineClient;
  /** The app's address, ending with a slash. */
  readonly base: string;
  readonly makers: AgentMakers;
  /** The key that the user gave for an endpoint's address; it lives in memory only. */
  endpointKey(url: string): string | null;
  /** Turns that were imported into the run that is working. */
  importedTurns?(): Promise<readonly Turn[]>;
  /** Turns of a run of this browser. */
  storedTurns(runId: string): Promise<readonly Turn[]>;
}

/** Throws ConfigError for a name that nothing stands behind. */
export function castOf(config: RunConfig, catalogue: readonly BundledModel[], base: string): Cast {
  const named = config.agents.flatMap((spec) => (spec === bundled ? ofRole(catalogue, 'agent') : [spec]));
  if (named.length === 0) throw noModels();
  const student = studentOf(config.student, catalogue, base);
  const specs = agentSpecs(config, named);
  const models = new Map<string, ModelRef>();
  for (const spec of specs) {
    if (foreign(spec) === 'endpoint') parseEndpoint(spec);
    if (foreign(spec)) continue;
    const ref = resolveModel(spec, { base, catalogue });
    models.set(ref.id, ref);
  }
  models.delete(student.id);
  return { specs, student, models: [...models.values(), student] };
}

/** Turns of `recorded:FILE` (trajectories.jsonl or an archive, at an address), `recorded:run:ID` or `recorded:imported`. */
async function recordedTurns(spec: string, parts: AgentParts): Promise<readonly Turn[]> {
  if (spec === importedAgents) {
    if (parts.importedTurns) return (await parts.importedTurns()).filter(isTrajectory);
    throw new ConfigError(
      'An imported debate cannot answer new questions.',
      'Ask the student, or choose other agents.',
    );
  }
  const name = spec.slice('recorded:'.length);
  const stored = /^run:(.+)$/.exec(name)?.[1];
  if (stored !== undefined) {
    const turns = (await parts.storedTurns(stored)).filter(isTrajectory);
    if (turns.length > 0) return turns;
    throw new ConfigError(`There is no debate of a run ${stored} in this browser.`, 'Name another run.');
  }
  const url = new URL(name, parts.base).href;
  const response = await fetch(url).catch(() => null);
  if (!response?.ok) {
    throw new DownloadError(
      `${url} could not be read (${response?.status ?? 'no answer'}).`,
      'Check the address.',
    );
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return unpackArchive(bytes).turns.filter(isTrajectory);
  return parseTrajectories(new TextDecoder().decode(bytes), spec);
}

async function recordedSlot(spec: string, parts: AgentParts): Promise<AgentSlot> {
  const turns = await recordedTurns(spec, parts);
  const natural = turns.some(
    ({ round, messages }) => round === 0 && messages.at(-1)?.content.includes('Think step by step') === true,
  );
  return { backend: recordedAgent(spec, turns), style: natural ? 'natural' : 'compact' };
}

function workerSlot(
  kind: 'transformers' | 'webllm',
  spec: string,
  parts: AgentParts,
  backend: RunConfig['backend'],
): AgentSlot {
  const make = parts.makers[kind];
  if (!make) {
    throw new ConfigError(
      `${spec}: agents of kind ${kind} run in a browser only.`,
      'Use bundled models, a folder, a .gguf file, endpoint:URL#MODEL or recorded:FILE here.',
    );
  }
  const options: MakerOptions = { base: parts.base, device: backend === 'cpu' ? 'wasm' : backend };
  return { backend: make.call(parts.makers, spec.slice(kind.length + 1), options), style: 'natural' };
}

/** One slot per name; names that repeat share their backend, so that its requests are batched together. */
export async function agentSlots(cast: Cast, config: RunConfig, parts: AgentParts): Promise<AgentSlot[]> {
  const byId = new Map(cast.models.map((ref) => [ref.id, ref]));
  const slot = async (spec: string): Promise<AgentSlot> => {
    const kind = foreign(spec);
    switch (kind) {
      case 'endpoint': {
        const { url, model } = parseEndpoint(spec);
        const { endpointConcurrency: concurrency, endpointRate: requestsPerMinute } = config;
        const key = (): string | null => parts.endpointKey(url);
        return {
          backend: endpointAgent({ url, model, key, concurrency, requestsPerMinute }),
          style: 'natural',
        };
      }
      case 'recorded':
        return recordedSlot(spec, parts);
      case 'transformers':
      case 'webllm':
        return workerSlot(kind, spec, parts, config.backend);
      case null: {
        const ref = byId.get(spec) ?? cast.student;
        const style = promptStyle(ref);
        const shortens = style === 'natural';
        return { backend: engineAgent(parts.engine, { model: ref.id, shortens }), style };
      }
      default:
        return kind satisfies never;
    }
  };
  const made = new Map<string, AgentSlot>();
  for (const spec of cast.specs) if (!made.has(spec)) made.set(spec, await slot(spec));
  return cast.specs.flatMap((spec) => made.get(spec) ?? []);
}
