/** WebLLM's own list of models, as the picker shows them before they are downloaded. The package is loaded only here, and only when asked for. */
import type { ModelRecord } from '@mlc-ai/web-llm';
import type { ModelEntry, WebllmPlace } from '../../specs/modelEntry';
import { specId } from '../../specs/spec';
import { listed } from '../../specs/webllm';

/** Licences of the families in the list, by their owners' model cards; others are left open. */
const licences: readonly (readonly [RegExp, string])[] = [
  [
    /^SmolLM|^Qwen3-|^Qwen2\.5-(0\.5|1\.5|7)B|^Qwen2-|^TinyLlama|^Mistral-7B|^OpenHermes|^RedPajama/i,
    'Apache-2.0',
  ],
  [/^Qwen2\.5-3B/i, 'Qwen Research'],
  [/^Llama-3\.2|Llama-3\.2/i, 'Llama 3.2 Community'],
  [/^Llama-3\.1|Llama-3\.1/i, 'Llama 3.1 Community'],
  [/^Llama-3|Llama-3/i, 'Llama 3 Community'],
  [/^Llama-2/i, 'Llama 2 Community'],
  [/^gemma/i, 'Gemma'],
  [/^Phi|^phi/i, 'MIT'],
  [/^DeepSeek-R1-Distill/i, 'MIT'],
];

/** Bytes per parameter of MLC's quantisations, scales included. */
const bytesPerParameter: Readonly<Record<string, number>> = {
  q0f16: 2,
  q0f32: 4,
  q3f16: 0.45,
  q4f16: 0.5625,
  q4f32: 0.625,
};

/** 0.5B, 135M, 1.7B in a name as a number; null where it says nothing. */
function parametersOf(name: string): number | null {
  const [, count, unit] = /(\d+(?:\.\d+)?)\s*([bm])\b/i.exec(name.replaceAll('_', ' ')) ?? [];
  return count === undefined ? null : Number(count) * (unit?.toLowerCase() === 'm' ? 1e6 : 1e9);
}

/** Features of a record; those of f16 do not always say so themselves. */
function featuresOf({ model_id: id, required_features: named = [] }: ModelRecord): string[] {
  return [...new Set([...named, ...(/q\df16/.test(id) ? ['shader-f16'] : [])])];
}

function entryOf(record: ModelRecord): ModelEntry {
  const { model_id: id, vram_required_MB: vram } = record;
  const parameters = parametersOf(id);
  const quantisation = /q\df(?:16|32)/.exec(id)?.[0] ?? '';
  const each = bytesPerParameter[quantisation];
  const bytes = parameters === null || each === undefined ? null : Math.round(parameters * each);
  return {
    spec: specId(listed(id)),
    name: id.replace(/-MLC(?=-|$)/, ''),
    kind: 'webllm',
    source: 'webllm',
    parameters,
    bytes,
    approximate: true,
    memoryBytes: vram === undefined ? null : vram * 1e6,
    licence: licences.find(([pattern]) => pattern.test(id))?.[1] ?? null,
    features: featuresOf(record),
    state: 'absent',
    doneBytes: 0,
  };
}

/** Language models of the package's list; embedding models and those that see pictures are left out. */
export async function webllmEntries(): Promise<readonly ModelEntry[]> {
  const { prebuiltAppConfig, ModelType } = await import('@mlc-ai/web-llm');
  return prebuiltAppConfig.model_list
    .filter(({ model_type: type }) => type === undefined || type === ModelType.LLM)
    .map(entryOf)
    .sort((a, b) => (a.memoryBytes ?? 0) - (b.memoryBytes ?? 0));
}

/** Where the list has a model, by its name in any case; null where it has none. */
export async function webllmPlace(id: string): Promise<WebllmPlace | null> {
  const { prebuiltAppConfig } = await import('@mlc-ai/web-llm');
  const record = prebuiltAppConfig.model_list.find((one) => one.model_id.toLowerCase() === id.toLowerCase());
  return record ? { id: record.model_id, weights: record.model, library: record.model_lib } : null;
}
