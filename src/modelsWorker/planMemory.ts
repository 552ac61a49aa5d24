/** Finds the sizes of everything that a run names, and plans its memory. */
import { asArkletError } from '../core/errors';
import { isFetchedByLibrary, isKept } from '../specs/keptModels';
import { memoryOfFiles, type MachineFacts, type MemoryPlan } from '../models/memoryPlan';
import type { ModelEntry } from '../specs/modelEntry';
import type { RunConfig } from '../settings/config';
import { UrlSource } from '../lm/sources';
import { fetchCatalogue } from '../models/catalogue';
import { fetchFrom } from '../models/hub';
import type { Library } from '../models/library';
import { totalBytes } from '../models/manifest';
import { resolveModel, type ModelRef } from '../models/modelSpec';
import type { ModelShape } from '../models/modelShape';
import { planMemory } from '../models/planner';
import type { PlannedAgent } from '../models/studentMemory';
import { describeRemote } from '../models/remote';
import { describeModel, listedWebllm, storedName, type FindWebllm } from './fetchModels';
import { readModelShape } from '../models/readModelShape';
import { openModelSource } from '../models/modelSource';
import type { HubAccess } from '../specs/addresses';
import { agentSpecs } from '../specs/agentSpecs';
import { bundled, type EngineSpec } from '../specs/engine';
import { baseName, parseSpec, parseSpecOf, specId, type ModelSpec } from '../specs/spec';
import { listed } from '../specs/webllm';

export interface PlanParts {
  readonly base: string;
  readonly library: () => Promise<Library>;
  readonly hub: HubAccess;
  readonly webllm: () => Promise<readonly ModelEntry[]>;
  readonly findWebllm: FindWebllm;
  /** Shapes read so far. */
  readonly shapes: Map<string, Promise<ModelShape>>;
  /** Bytes of other libraries' models, found so far. */
  readonly sizes: Map<string, Promise<number>>;
  readonly threads: number;
}

/** Headers of a model of the hub that is not here yet: a few small ranges. */
async function remoteShape(spec: EngineSpec, hub: HubAccess): Promise<ModelShape> {
  const { files } = await describeRemote(spec, { hub });
  const first = files[0]?.url ?? '';
  const path = files[0]?.path ?? '';
  const names = files.map((file) => file.path);
  const ask = (url: string, init: RequestInit): Promise<Response> => fetchFrom(url, init, hub);
  return readModelShape(new UrlSource(first.slice(0, first.length - path.length), names, ask));
}

async function shapeOf(spec: EngineSpec, ref: ModelRef, parts: PlanParts): Promise<ModelShape> {
  const known = parts.shapes.get(ref.id);
  if (known) return known;
  const here = ref.place.type !== 'stored' || (await (await parts.library()).isReady(ref.id));
  const shape = here ? readModelShape(openModelSource(ref)) : remoteShape(spec, parts.hub);
  parts.shapes.set(ref.id, shape);
  shape.catch(() => parts.shapes.delete(ref.id));
  return shape;
}

/** Bytes of the files of another library's model: in storage, else as the hub says. */
async function libraryBytes(spec: ModelSpec, { library, findWebllm, hub }: PlanParts): Promise<number> {
  const store = await library();
  const id = await storedName(spec, store, findWebllm);
  const { files } = (await store.find(id)) ?? (await describeModel(parseSpec(id), findWebllm, { hub }));
  return totalBytes(files);
}

/** As a planned agent: by WebLLM's own figure, else by its files. */
async function libraryAgent(spec: ModelSpec, parts: PlanParts): Promise<PlannedAgent> {
  const model = specId(spec);
  const place = await listedWebllm(spec, parts.findWebllm);
  const entry = place && (await parts.webllm()).find((one) => one.spec === specId(listed(place.id)));
  const features = entry?.features ?? [];
  if (entry?.memoryBytes != null) return { type: 'library', model, bytes: entry.memoryBytes, features };
  const size = parts.sizes.get(model) ?? libraryBytes(spec, parts);
  parts.sizes.set(model, size);
  size.catch(() => parts.sizes.delete(model));
  return { type: 'library', model, bytes: memoryOfFiles(await size), features };
}

/** A model that cannot be looked up (no network, no such name) is named in `unknown` and left out of the sum. */
export async function planRun(
  config: RunConfig,
  machine: MachineFacts,
  parts: PlanParts,
): Promise<MemoryPlan> {
  const { base } = parts;
  const catalogue = await fetchCatalogue(base).catch(() => []);
  const ofRole = (role: string): string[] => catalogue.filter((one) => one.role === role).map(({ id }) => id);
  const named = config.agents.flatMap((spec) => (spec === bundled ? ofRole('agent') : [spec]));
  const names = new Set(agentSpecs(config, named));
  const unknown: string[] = [];
  const engine = async (spec: EngineSpec) => {
    const ref = resolveModel(spec, { base, catalogue });
    return { model: ref.id, shape: await shapeOf(spec, ref, parts), compact: ref.promptStyle === 'compact' };
  };
  const engineSpec = (name: string): EngineSpec =>
    parseSpecOf('engine', name === bundled ? (ofRole('student')[0] ?? name) : name);
  /** Adapters of one model, and agents that are the model itself, share its weights. */
  const addEngine = async (spec: EngineSpec, adapters: number): Promise<void> => {
    const added = await engine(spec);
    const at = agents.findIndex((one) => one.type === 'engine' && one.model === added.model);
    const known = agents[at];
    if (known?.type !== 'engine') agents.push({ type: 'engine', ...added, adapters });
    else agents[at] = { ...known, adapters: (known.adapters ?? 0) + adapters };
  };
  const agent = async (name: string): Promise<void> => {
    const spec = parseSpec(name);
    const base = baseName(spec);
    const weights = spec.runtime === 'engine' ? spec : base === null ? null : engineSpec(base);
    if (weights) await addEngine(weights, base === null ? 0 : 1);
    else if (spec.runtime === 'adapter') unknown.push(name);
    else if (isFetchedByLibrary(spec)) unknown.push(name);
    else if (isKept(spec)) agents.push(await libraryAgent(spec, parts));
    else agents.push({ type: 'remote', model: name });
  };
  const agents: PlannedAgent[] = [];
  for (const name of names) {
    try {
      await agent(name);
    } catch (thrown) {
      unknown.push(`${name} (${asArkletError(thrown).message})`);
    }
  }
  const studentName = config.student === bundled ? ofRole('student')[0] : config.student;
  let student = null;
  try {
    student = studentName === undefined ? null : await engine(parseSpecOf('engine', studentName));
  } catch (thrown) {
    unknown.push(`${studentName ?? ''} (${asArkletError(thrown).message})`);
  }
  return planMemory({ config, machine, agents, student, unknown, threads: parts.threads });
}
