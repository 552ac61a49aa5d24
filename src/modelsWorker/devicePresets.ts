/** Ready choices for kinds of machines: agents, student, bytes. Minutes are estimates; none was measured on such a machine. */
import type { DevicePreset } from '../models/memoryPlan';
import type { ModelEntry } from '../specs/modelEntry';
import { specId } from '../specs/spec';
import { listed } from '../specs/webllm';
import type { RunConfig } from '../settings/config';

interface Recipe {
  readonly id: DevicePreset['id'];
  /** Each agent: the first of these that WebLLM's list has. */
  readonly agents: readonly (readonly string[])[];
  readonly student: { readonly spec: string; readonly bytes: number };
  readonly nAgents: number;
  readonly rounds: number;
  readonly questions: readonly [train: number, test: number];
  readonly training: Pick<RunConfig, 'maxTokens' | 'steps' | 'batch' | 'rank' | 'schedule'>;
  readonly minutes: readonly [number, number];
}

/** bf16 weights and tokenizer, in bytes: two per parameter and 2 to 7 MB. */
const smol135 = { spec: 'hf:HuggingFaceTB/SmolLM2-135M-Instruct', bytes: 272_000_000 };
const smol360 = { spec: 'hf:HuggingFaceTB/SmolLM2-360M-Instruct', bytes: 727_000_000 };
const qwen05 = { spec: 'hf:Qwen/Qwen2.5-0.5B-Instruct', bytes: 995_000_000 };

const recipes: readonly Recipe[] = [
  {
    id: 'phone',
    agents: [['SmolLM2-360M-Instruct-q4f16_1-MLC', 'SmolLM2-360M-Instruct-q4f32_1-MLC']],
    student: smol135,
    nAgents: 3,
    rounds: 1,
    questions: [48, 24],
    training: { maxTokens: 96, steps: 30, batch: 2, rank: 8, schedule: 'agents-out' },
    minutes: [20, 60],
  },
  {
    id: 'laptop-4',
    agents: [['Qwen2.5-0.5B-Instruct-q4f16_1-MLC', 'Qwen2.5-0.5B-Instruct-q4f32_1-MLC']],
    student: smol135,
    nAgents: 3,
    rounds: 1,
    questions: [96, 48],
    training: { maxTokens: 128, steps: 60, batch: 4, rank: 16, schedule: 'agents-out' },
    minutes: [25, 75],
  },
  {
    id: 'laptop-8',
    agents: [
      ['Qwen2.5-1.5B-Instruct-q4f16_1-MLC', 'Qwen2.5-1.5B-Instruct-q4f32_1-MLC'],
      ['Llama-3.2-1B-Instruct-q4f16_1-MLC', 'Llama-3.2-1B-Instruct-q4f32_1-MLC'],
    ],
    student: smol360,
    nAgents: 4,
    rounds: 1,
    questions: [128, 64],
    training: { maxTokens: 192, steps: 80, batch: 4, rank: 16, schedule: 'agents-out' },
    minutes: [30, 90],
  },
  {
    id: 'desktop',
    agents: [
      ['Qwen2.5-3B-Instruct-q4f16_1-MLC', 'Qwen2.5-3B-Instruct-q4f32_1-MLC'],
      ['Llama-3.2-3B-Instruct-q4f16_1-MLC', 'Llama-3.2-3B-Instruct-q4f32_1-MLC'],
      ['gemma-2-2b-it-q4f16_1-MLC', 'gemma-2-2b-it-q4f32_1-MLC'],
    ],
    student: qwen05,
    nAgents: 6,
    rounds: 2,
    questions: [256, 128],
    training: { maxTokens: 256, steps: 120, batch: 8, rank: 16, schedule: 'agents-out' },
    minutes: [60, 180],
  },
];

/**
 * The presets with models that the list at hand has: f16 ones where the machine has shader-f16. A list that cannot be
 * had leaves the names as they are, without bytes.
 */
export function devicePresets(
  list: readonly ModelEntry[],
  features: readonly string[],
): readonly DevicePreset[] {
  const known = new Map(list.map((entry) => [entry.spec, entry]));
  const usable = (spec: string): boolean =>
    known.get(spec)?.features.every((feature) => features.includes(feature)) ?? false;
  return recipes.map(({ id, agents, student, nAgents, rounds, questions, training, minutes }) => {
    const chosen = agents.map((names) => {
      const specs = names.map((name) => specId(listed(name)));
      const spec = specs.find(usable) ?? specs.at(-1) ?? '';
      return { spec, bytes: known.get(spec)?.bytes ?? null };
    });
    const [trainQuestions, testQuestions] = questions;
    return {
      id,
      agents: chosen,
      student,
      change: {
        ...training,
        agents: chosen.map(({ spec }) => spec),
        student: student.spec,
        alpha: 2 * training.rank,
        nAgents,
        rounds,
        trainQuestions,
        testQuestions,
        validationQuestions: 16,
        lr: 5e-4,
        temperature: 0.8,
      },
      downloadBytes: student.bytes + chosen.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
      minutes,
    };
  });
}
