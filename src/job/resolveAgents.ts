/** From the names in a config to the agents and the student of a job. */
import { endpointAgent } from '../agents/endpoint/endpoint';
import type { AgentBackend } from '../agents/agent';
import { engineAgent, type AdapterEngine } from '../agents/engine';
import { recordedAgent } from '../agents/recorded';
import { ConfigError, DownloadError } from '../core/errors';
import type { Turn } from '../records/records';
import type { RunConfig } from '../settings/config';
import { isTrajectory } from '../records/trajectories';
import type { BundledModel } from '../models/catalogue';
import { resolveModel, type ModelRef } from '../models/modelSpec';
import { parseTrajectories, unpackArchive } from '../records/archiveFile';
import { withStyles } from '../debate/readPrompt';
import { promptStyle } from './job';
import { adapterSlot, type FindAdapter } from './adapterSlot';
import type { AgentSlot } from './agentPool';
import type { HubAccess } from '../specs/addresses';
import { agentSpecs } from '../specs/agentSpecs';
import { bundled } from '../specs/engine';
import type { RecordedSpec } from '../specs/recorded';
import type { AdapterSpec } from '../specs/adapter';
import type { ChromeSpec } from '../specs/chrome';
import { parseSpec, specId, specLabel, type ModelSpec } from '../specs/spec';
import type { TransformersSpec } from '../specs/transformers';
import type { WebllmSpec } from '../specs/webllm';
import { noModels, ofRole, studentOf } from '../models/student';

/** Models that our engine must hold, and what the run's names stand for. */
export interface ResolvedModels {
  /** What the agents are, with "bundled" written out; agent i is specs[i mod length]. */
  readonly specs: readonly ModelSpec[];
  readonly student: ModelRef;
  /** Every model of the engine, each once, the student last. */
  readonly models: readonly ModelRef[];
  /** The models that agents which are adapters use, by the adapter's name. */
  readonly bases: ReadonlyMap<string, ModelRef>;
}

/** Whether everything that the agents will ever say was imported with the run. */
export function isImported({ specs }: { readonly specs: readonly ModelSpec[] }): boolean {
  return specs.every(({ place }) => place === 'imported');
}

/** Agents that live in a worker of their own. The page's coordinator has both, Node neither. */
export interface AgentMakers {
  transformers?(spec: TransformersSpec, options: MakerOptions): AgentBackend;
  webllm?(spec: WebllmSpec, options: MakerOptions): AgentBackend;
  chrome?(spec: ChromeSpec, options: MakerOptions): AgentBackend;
}

export interface MakerOptions {
  /** The app's address, ending with a slash. */
  readonly base: string;
  /** What the run's --backend means for it. */
  readonly device: 'auto' | 'webgpu' | 'wasm';
  /** How the hub is asked for its files. */
  hub(): Promise<HubAccess>;
}

/** What agents are made with. */
export interface AgentParts {
  readonly engine: AdapterEngine;
  /** The app's address, ending with a slash. */
  readonly base: string;
  readonly makers: AgentMakers;
  /** The key that the user gave for an endpoint's address; it lives in memory only. */
  endpointKey(url: string): string | null;
  /** How the hub is asked; its token lives in memory only. */
  hub(): Promise<HubAccess>;
  /** Turns that were imported into the run that is working. */
  importedTurns?(): Promise<readonly Turn[]>;
  /** An adapter that this browser holds, with the name of its model. */
  readonly adapter: FindAdapter;
  /** Turns of a run of this browser. */
  storedTurns(runId: string): Promise<readonly Turn[]>;
}

/** The model that an adapter belongs to. Throws ConfigError. */
export function adapterBase(spec: AdapterSpec, catalogue: readonly BundledModel[], base: string): ModelRef {
  if (spec.base !== null) return studentOf(spec.base, catalogue, base);
  throw new ConfigError(
    `It is not said which model ${specLabel(specId(spec))} belongs to.`,
    'Add ?base= and the name of that model.',
  );
}

/** Throws ConfigError for a name that nothing stands behind. */
export function resolveModels(
  config: RunConfig,
  catalogue: readonly BundledModel[],
  base: string,
): ResolvedModels {
  const named = config.agents.flatMap((spec) => (spec === bundled ? ofRole(catalogue, 'agent') : [spec]));
  if (named.length === 0) throw noModels();
  const student = studentOf(config.student, catalogue, base);
  const specs = agentSpecs(config, named).map(parseSpec);
  const models = new Map<string, ModelRef>();
  const bases = new Map<string, ModelRef>();
  for (const spec of specs) {
    if (spec.runtime !== 'engine' && spec.runtime !== 'adapter') continue;
    const ref =
      spec.runtime === 'engine'
        ? resolveModel(spec, { base, catalogue })
        : adapterBase(spec, catalogue, base);
    models.set(ref.id, ref);
    if (spec.runtime === 'adapter') bases.set(specId(spec), ref);
  }
  models.delete(student.id);
  return { specs, student, models: [...models.values(), student], bases };
}

/** Turns of a file (trajectories.jsonl or an archive), of a run of this browser, or of what was imported. */
async function recordedTurns(spec: RecordedSpec, parts: AgentParts): Promise<readonly Turn[]> {
  if (spec.place === 'imported') {
    if (parts.importedTurns) return (await parts.importedTurns()).filter(isTrajectory);
    throw new ConfigError(
      'An imported debate cannot answer new questions.',
      'Ask the student, or choose other agents.',
    );
  }
  if (spec.place === 'run') {
    const turns = (await parts.storedTurns(spec.runId)).filter(isTrajectory);
    if (turns.length > 0) return turns;
    throw new ConfigError(`There is no debate of a run ${spec.runId} in this browser.`, 'Name another run.');
  }
  const url = new URL(spec.address, parts.base).href;
  const response = await fetch(url).catch(() => null);
  if (!response?.ok) {
    throw new DownloadError(
      `${url} could not be read (${response?.status ?? 'no answer'}).`,
      'Check the address.',
    );
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return unpackArchive(bytes).turns.filter(isTrajectory);
  return parseTrajectories(new TextDecoder().decode(bytes), specId(spec));
}

/** Which of those that use the spec an agent is: agent i is specs[i mod length]. */
function rankAmong(specs: readonly ModelSpec[], spec: ModelSpec): (agent: number) => number {
  const own = specs.map((one) => specId(one) === specId(spec));
  const before = (slots: number): number => own.slice(0, slots).filter(Boolean).length;
  return (agent) => Math.floor(agent / own.length) * before(own.length) + before(agent % own.length);
}

async function recordedSlot(
  spec: RecordedSpec,
  specs: readonly ModelSpec[],
  parts: AgentParts,
): Promise<AgentSlot> {
  const turns = await recordedTurns(spec, parts);
  const natural = withStyles(turns).some(({ style }) => style === 'natural');
  const backend = recordedAgent(specId(spec), turns, rankAmong(specs, spec));
  return { backend, style: natural ? 'natural' : 'compact' };
}

/** Throws ConfigError where the runtime has no worker. */
function workerSlot<S extends TransformersSpec | WebllmSpec | ChromeSpec>(
  spec: S,
  make: ((spec: S, options: MakerOptions) => AgentBackend) | undefined,
  options: MakerOptions,
): AgentSlot {
  if (make) return { backend: make(spec, options), style: 'natural' };
  throw new ConfigError(
    `${specId(spec)}: agents of kind ${spec.runtime} run in a browser only.`,
    'Use bundled models, a folder, a .gguf file, endpoint:URL#MODEL or recorded:FILE here.',
  );
}

/** One slot per name; names that repeat share their backend, so that its requests are batched together. */
export async function agentSlots(
  resolved: ResolvedModels,
  config: RunConfig,
  parts: AgentParts,
): Promise<AgentSlot[]> {
  const byId = new Map(resolved.models.map((ref) => [ref.id, ref]));
  const { base, makers } = parts;
  const hub = (): Promise<HubAccess> => parts.hub();
  const device = config.backend === 'cpu' ? 'wasm' : config.backend;
  const slot = async (spec: ModelSpec): Promise<AgentSlot> => {
    switch (spec.runtime) {
      case 'endpoint': {
        const { url, model } = spec;
        const { endpointConcurrency: concurrency, endpointRate: requestsPerMinute } = config;
        const key = (): string | null => parts.endpointKey(url);
        return {
          backend: endpointAgent({ url, model, key, concurrency, requestsPerMinute }),
          style: 'natural',
        };
      }
      case 'recorded':
        return recordedSlot(spec, resolved.specs, parts);
      case 'transformers':
        return workerSlot(spec, makers.transformers?.bind(makers), { base, device, hub });
      case 'webllm':
        return workerSlot(spec, makers.webllm?.bind(makers), { base, device, hub });
      case 'chrome':
        return workerSlot(spec, makers.chrome?.bind(makers), { base, device, hub });
      case 'engine': {
        const ref = byId.get(specId(spec)) ?? resolved.student;
        const style = promptStyle(ref);
        const shortens = style === 'natural';
        return { backend: engineAgent(parts.engine, { model: ref.id, shortens }), style };
      }
      case 'adapter': {
        const ref = resolved.bases.get(specId(spec)) ?? resolved.student;
        return adapterSlot(spec, byId.get(ref.id) ?? ref, parts);
      }
      default:
        return spec satisfies never;
    }
  };
  const made = new Map<string, AgentSlot>();
  for (const spec of resolved.specs) {
    const id = specId(spec);
    if (!made.has(id)) made.set(id, await slot(spec));
  }
  return resolved.specs.flatMap((spec) => made.get(specId(spec)) ?? []);
}
