/** Ready choices for kinds of machines: agents, student, bytes. Minutes are estimates; none was measured on such a machine. */
import type { DevicePreset } from '../models/memoryPlan';
import type { ModelEntry } from '../specs/modelEntry';
import { specId } from '../specs/spec';
import { listed } from '../specs/webllm';
import type { RunConfig } from '../settings/config';

interface Recipe extends Pick<RunConfig, 'nAgents' | 'rounds' | 'maxTokens' | 'steps' | 'batch' | 'rank'> {
  readonly id: DevicePreset['id'];
  /** Models of WebLLM's list without their weight format. */
  readonly agents: readonly string[];
  readonly student: { readonly spec: string; readonly bytes: number };
  readonly questions: readonly [train: number, test: number];
  readonly minutes: readonly [number, number];
}

/** bf16 weights and tokenizer, in bytes: two per parameter and 2 to 7 MB. */
const smol135 = { spec: 'hf:HuggingFaceTB/SmolLM2-135M-Instruct', bytes: 272_000_000 };
const smol360 = { spec: 'hf:HuggingFaceTB/SmolLM2-360M-Instruct', bytes: 727_000_000 };
const qwen05 = { spec: 'hf:Qwen/Qwen2.5-0.5B-Instruct', bytes: 995_000_000 };

// prettier-ignore
const recipes: readonly Recipe[] = [
  {
    id: 'phone', agents: ['SmolLM2-360M-Instruct'], student: smol135, nAgents: 3, rounds: 1,
    questions: [48, 24], maxTokens: 96, steps: 30, batch: 2, rank: 8, minutes: [20, 60],
  },
  {
    id: 'laptop-4', agents: ['Qwen2.5-0.5B-Instruct'], student: smol135, nAgents: 3, rounds: 1,
    questions: [96, 48], maxTokens: 128, steps: 60, batch: 4, rank: 16, minutes: [25, 75],
  },
  {
    id: 'laptop-8', agents: ['Qwen2.5-1.5B-Instruct', 'Llama-3.2-1B-Instruct'], student: smol360, nAgents: 4, rounds: 1,
    questions: [128, 64], maxTokens: 192, steps: 80, batch: 4, rank: 16, minutes: [30, 90],
  },
  {
    id: 'desktop', agents: ['Qwen2.5-3B-Instruct', 'Llama-3.2-3B-Instruct', 'gemma-2-2b-it'], student: qwen05, nAgents: 6,
    rounds: 2, questions: [256, 128], maxTokens: 256, steps: 120, batch: 8, rank: 16, minutes: [60, 180],
  },
];

/** Weight formats of a model in WebLLM's list, the better one first: it needs shader-f16. */
const formats = ['q4f16_1', 'q4f32_1'];

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
  return recipes.map(({ id, agents, student, questions, minutes, ...settings }) => {
    const chosen = agents.map((name) => {
      const specs = formats.map((format) => specId(listed(`${name}-${format}-MLC`)));
      const spec = specs.find(usable) ?? specs.at(-1) ?? '';
      return { spec, bytes: known.get(spec)?.bytes ?? null };
    });
    const [trainQuestions, testQuestions] = questions;
    return {
      id,
      agents: chosen,
      student,
      change: {
        ...settings,
        agents: chosen.map(({ spec }) => spec),
        student: student.spec,
        alpha: 2 * settings.rank,
        schedule: 'agents-out',
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
