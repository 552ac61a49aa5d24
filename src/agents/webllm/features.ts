/** Whether this adapter can run a WebLLM model, before anything is downloaded. */
import type { ModelRecord } from '@mlc-ai/web-llm';
import { GpuUnavailableError } from '../../core/errors';

export interface AdapterFacts {
  readonly name: string;
  readonly features: ReadonlySet<string>;
  /** Bytes. */
  readonly maxStorageBufferBinding: number;
}

const half = 'shader-f16';

/** Features that a model needs: those of its record, and half precision by its name, which many records leave out. */
export function neededFeatures(
  record: Pick<ModelRecord, 'model_id' | 'model_lib' | 'required_features'>,
): string[] {
  const named = /q\d+f16/i.test(record.model_id) || /q\d+f16/i.test(record.model_lib.split('/').at(-1) ?? '');
  return [...new Set([...(record.required_features ?? []), ...(named ? [half] : [])])];
}

/** The same model in single precision, where the list has it. */
export function singlePrecision(id: string, list: readonly Pick<ModelRecord, 'model_id'>[]): string | null {
  const twin = id.replace(/(q\d+)f16/i, '$1f32');
  return twin !== id && list.some(({ model_id: other }) => other === twin) ? twin : null;
}

/** Throws GpuUnavailableError that names what is missing. */
export function checkFeatures(
  record: ModelRecord,
  adapter: AdapterFacts | null,
  list: readonly ModelRecord[],
): void {
  const { model_id: id } = record;
  if (!adapter) {
    throw new GpuUnavailableError(
      `${id} runs on WebGPU, and no GPU was found for it.`,
      'Turn WebGPU on in this browser, or use bundled models on the CPU.',
    );
  }
  const missing = neededFeatures(record).filter((feature) => !adapter.features.has(feature));
  if (missing.length > 0) {
    const twin = missing.includes(half) ? singlePrecision(id, list) : null;
    throw new GpuUnavailableError(
      `${id} needs ${missing.join(', ')}, which ${adapter.name} does not have.`,
      twin ? `Use ${twin} instead.` : 'Use the same model with f32 in its name, or another GPU.',
      { details: { missing, ...(twin ? { instead: twin } : {}) } },
    );
  }
  const needed = record.buffer_size_required_bytes ?? 0;
  if (needed > adapter.maxStorageBufferBinding) {
    throw new GpuUnavailableError(
      `${id} needs buffers of ${needed} bytes, and ${adapter.name} binds ${adapter.maxStorageBufferBinding}.`,
      'Use a smaller model, or one whose name ends in -1k.',
    );
  }
}
