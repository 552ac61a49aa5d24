/**
 * The memory plan of a run: what each phase holds at once, whether that fits this machine, and what to change where it
 * does not. Figures for our engine follow from tensor shapes (engineMemory.ts); those of other libraries are their own.
 */
import type { MachineFacts, MemoryItem, MemoryPlan, PhaseMemory, Proposal, Verdict } from './memoryPlan';
import type { RunConfig } from '../settings/config';
import {
  adapterElements,
  cacheBound,
  cpuSizer,
  fittingRecomputation,
  generationBytes,
  gpuSizer,
  weightBytes,
  type Sizer,
} from './engineMemory';
import type { Recomputation } from '../lm/recompute';
import type { ModelShape } from './modelShape';
import { evaluation, halfCache, sum, textTokens, training } from './studentMemory';
import type { PlanInput } from './studentMemory';
import type { PlannedAgent } from './studentMemory';

/** Share of the budget up to which a plan fits with room to spare. */
const comfortable = 0.75;
const GiB = 2 ** 30;

/** Positions that the longest turns of a debate take in the cache. */
function turnTokens(config: RunConfig, compact: boolean): number {
  const { question, reply } = textTokens(config, compact);
  const peers =
    config.protocol === 'self-consistency' || config.rounds === 0
      ? 0
      : config.visibility === 'all'
        ? config.nAgents
        : config.visibility === 'ring'
          ? 3
          : config.randomPeers + 1;
  return question + config.shots * (question + reply) + (1 + peers) * reply;
}

/** What may be used, and why we think so: a browser gives no free memory. */
export function memoryBudget(machine: MachineFacts): Pick<MemoryPlan, 'budget' | 'budgetFrom'> {
  if (machine.budget !== null) return { budget: machine.budget, budgetFrom: 'user' };
  const known = machine.deviceMemory;
  const memory = known ?? (machine.mobile ? 4 : 8);
  // The system, the browser and other tabs want their part; phones end a tab that takes much.
  const share = machine.mobile ? 0.25 : 0.5;
  const guess = memory * GiB * share;
  // WASM memory ends at 4 GiB; what a run has held here before is known to be possible.
  const most = machine.backend === 'cpu' ? Math.min(guess, 3.5 * GiB) : guess;
  return {
    budget: Math.max(most, machine.held ?? 0),
    budgetFrom: known === null ? 'guess' : 'device memory',
  };
}

function verdictOf(bytes: number, budget: number): Verdict {
  return bytes <= comfortable * budget ? 'fits' : bytes <= budget ? 'tight' : 'too large';
}

/** Weights and the activations of generation, held from loading on. */
function loaded(model: string, shape: ModelShape, sizer: Sizer): MemoryItem[] {
  return [
    { kind: 'weights', model, bytes: weightBytes(shape, sizer) },
    { kind: 'activations', model, bytes: generationBytes(shape, sizer) },
  ];
}

/** What one agent's model holds while it debates. */
interface AgentMemory {
  readonly items: readonly MemoryItem[];
  readonly cache: readonly MemoryItem[];
  /** Left over by the growth of its cache. */
  readonly left: number;
  /** Tokens of its longest turn; 0 for other libraries. */
  readonly longest: number;
}

function agentMemory(agent: PlannedAgent, input: PlanInput, sizer: Sizer): AgentMemory {
  if (agent.type !== 'engine') {
    const { model } = agent;
    const items: MemoryItem[] =
      agent.type === 'library' ? [{ kind: 'library', model, bytes: agent.bytes }] : [];
    return { items, cache: [], left: 0, longest: 0 };
  }
  const { config, agents } = input;
  const { model, shape, compact, adapters = 0 } = agent;
  // Of the size that this run trains: what another one is, its files alone say.
  const adapterBytes = adapters * sizer.tensor(adapterElements(shape, config.rank));
  const longest = turnTokens(config, compact);
  const questions = config.trainQuestions + config.testQuestions;
  const sequences = Math.ceil((questions * config.nAgents) / agents.length);
  const half = halfCache(input, shape);
  const { bytes, spare } = cacheBound(shape, sizer, { half, sequences, tokens: longest });
  return {
    items: [
      ...loaded(model, shape, sizer),
      ...(adapters > 0 ? [{ kind: 'adapter', model, bytes: adapterBytes } as const] : []),
    ],
    cache: [{ kind: 'cache', model, bytes }],
    left: spare,
    longest,
  };
}

const bytesOf = ({ items, cache, left }: AgentMemory): number => sum(items) + sum(cache) + left;

export function planPhases(input: PlanInput): readonly PhaseMemory[] {
  const { config, machine, agents, student, threads } = input;
  const sizer = machine.backend === 'cpu' ? cpuSizer(threads) : gpuSizer;
  const away = config.schedule !== 'together';
  const every = agents.map((agent) => agentMemory(agent, input, sizer));
  const largest = every.reduce<AgentMemory | null>(
    (most, one) => (most === null || bytesOf(one) > bytesOf(most) ? one : most),
    null,
  );
  const alone = config.schedule === 'one-at-a-time' && largest !== null;
  const speaking = alone ? [largest] : every;
  // What the models that have gone leave for reuse.
  const gone = alone ? sizer.spare(every.reduce((all, one) => all + bytesOf(one), -bytesOf(largest))) : 0;
  const left = speaking.reduce((all, one) => all + one.left, 0);
  const longest = Math.max(0, ...every.map((one) => one.longest));
  const caches = speaking.flatMap(({ cache }) => cache);
  const held = speaking.flatMap(({ items }) => items);
  const agentItems = held.filter(
    ({ kind, model }) => kind !== 'library' && kind !== 'adapter' && model !== student?.model,
  );
  const adapters = held.filter(({ kind }) => kind === 'adapter');
  const studentItems = student ? loaded(student.model, student.shape, sizer) : [];
  const shapes = agents.flatMap((agent) => (agent.type === 'engine' ? [agent.shape] : []));
  if (student) shapes.push(student.shape);
  const scratch = (rank: number): MemoryItem => ({
    kind: 'spare',
    model: null,
    bytes:
      Math.max(0, ...shapes.map((one) => sizer.scratch(one, longest, rank))) +
      (rank > 0 && away ? sizer.spare(left + gone) : left + gone),
  });
  const phase = (name: PhaseMemory['phase'], items: readonly MemoryItem[]): PhaseMemory => {
    const some = items.filter(({ bytes }) => bytes > 0);
    return { phase: name, items: some, bytes: sum(some) };
  };
  // Agents of other libraries always leave before training; our engine's only where the run asks for that. The student
  // is loaded at the start, or when the engine's agents have gone.
  const studentSpeaks = alone
    ? held.some(({ model }) => model === student?.model)
    : agents.some((agent) => agent.model === student?.model);
  const debate = phase('debate', [
    ...held.filter(({ kind }) => kind === 'library'),
    ...agentItems,
    ...adapters,
    ...(away && !studentSpeaks ? [] : studentItems),
    ...caches,
    scratch(0),
  ]);
  if (!student) return [debate];
  const stay = away ? [] : [...agentItems, ...caches];
  return [
    debate,
    ...(config.strategies.length + config.controls.length > 0
      ? [phase('distil', [...stay, ...studentItems, ...training(input, sizer), scratch(config.rank)])]
      : []),
    phase('evaluate', [...stay, ...studentItems, ...evaluation(input, sizer), scratch(0)]),
  ];
}

function peakOf(phases: readonly PhaseMemory[]): PhaseMemory {
  return phases.reduce((most, one) => (one.bytes > most.bytes ? one : most));
}

/** The recomputation that is set, or the least with which training fits the budget. */
function recomputationOf(input: PlanInput, budget: number): Recomputation {
  const { recompute: set } = input.config;
  if (set !== 'auto') return set;
  return fittingRecomputation('off', (recompute) =>
    planPhases({ ...input, recompute }).every(({ phase, bytes }) => phase !== 'distil' || bytes <= budget),
  );
}

export function planMemory(input: PlanInput): MemoryPlan {
  const { machine, agents, unknown } = input;
  const { budget, budgetFrom } = memoryBudget(machine);
  const recompute = recomputationOf(input, budget);
  const phases = planPhases({ ...input, recompute });
  const most = peakOf(phases);
  const verdict = verdictOf(most.bytes, budget);
  const needed = new Set(agents.flatMap((agent) => (agent.type === 'library' ? agent.features : [])));
  return {
    phases,
    peak: most.bytes,
    peakPhase: most.phase,
    budget,
    budgetFrom,
    verdict,
    recompute,
    missingFeatures: [...needed].filter((feature) => !machine.features.includes(feature)),
    unknown,
    proposals: verdict === 'fits' ? [] : proposals(input, most.bytes, budget),
  };
}

/** Changes that lower the peak, the mildest first; each is worked out as a plan of its own. */
function proposals(input: PlanInput, peak: number, budget: number): Proposal[] {
  const { config, agents, student } = input;
  const list: { id: Proposal['id']; change: Partial<RunConfig>; input: PlanInput }[] = [];
  const propose = (id: Proposal['id'], change: Partial<RunConfig>, rest: Partial<PlanInput> = {}): void => {
    list.push({ id, change, input: { ...input, ...rest, config: { ...config, ...change } } });
  };
  const schedule = config.schedule === 'one-at-a-time' ? config.schedule : 'agents-out';
  if (config.schedule === 'together') propose('agents-out', { schedule: 'agents-out' });
  const local = agents.filter((agent) => agent.type !== 'remote');
  if (local.length > 1) {
    if (config.schedule !== 'one-at-a-time') propose('one-at-a-time', { schedule: 'one-at-a-time' });
    const size = (agent: PlannedAgent): number =>
      agent.type === 'library'
        ? agent.bytes
        : agent.type === 'engine'
          ? weightBytes(agent.shape, gpuSizer)
          : 0;
    const least = local.reduce((small, one) => (size(one) < size(small) ? one : small));
    propose(
      'one-model',
      { agents: [least.model], schedule: 'agents-out' },
      { agents: [least, ...agents.filter((agent) => agent.type === 'remote')] },
    );
  }
  if (config.batch > 1 && student) {
    const batch = Math.max(1, Math.floor(config.batch / 4));
    propose('smaller-batch', { batch, schedule });
  }
  if (config.maxTokens > 64) {
    propose('shorter-replies', { maxTokens: Math.max(64, config.maxTokens >> 1), schedule });
  }
  if (config.kvCache === 'f32' && input.machine.backend === 'webgpu') {
    propose('half-cache', { kvCache: 'f16', schedule });
  }
  return list
    .map(({ id, change, input: changed }) => {
      const { bytes } = peakOf(planPhases({ ...changed, recompute: recomputationOf(changed, budget) }));
      return { id, change, peak: bytes, verdict: verdictOf(bytes, budget) };
    })
    .filter((proposal) => proposal.peak < 0.98 * peak)
    .filter(({ id, peak: lower }, _, all) => {
      // Reloading for each exchange takes time: skipped where the milder change is enough.
      const milder = all.find((other) => other.id === 'agents-out')?.peak ?? Infinity;
      return id !== 'one-at-a-time' || lower < 0.98 * milder;
    });
}
