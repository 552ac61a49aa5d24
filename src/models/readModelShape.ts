import { ModelError } from '../core/errors';
import type { FileSource } from '../core/fileSource';
import { ropeKinds } from '../lm/block/form';
import { inLayer, layerPlan } from '../lm/layerPlan';
import { rotaryColumns } from '../lm/rotary';
import { matrixFormat } from '../lm/rowCodec';
import { openWeights, type WeightFiles } from '../lm/weightFiles';
import type { ModelConfig } from '../lm/types';
import type { ModelShape, WeightFormat } from './modelShape';

/** The sizes of a model from its config and headers. Throws FileFormatError, ModelError, DownloadError. */
export async function readModelShape(source: FileSource, signal?: AbortSignal): Promise<ModelShape> {
  return shapeOf(await openWeights(source, signal));
}

/** A model's config, and the formats that its matrices are kept in, that of most elements first: what decides which kernels it runs. */
export type ConfigWithFormats = ModelConfig & { readonly formats: readonly WeightFormat[] };

/** Read as `readModelShape` is, with the same errors. */
export async function readModelFormats(source: FileSource): Promise<ConfigWithFormats> {
  const files = await openWeights(source);
  const elements = new Map<WeightFormat, number>();
  for (const { rows, cols, format } of shapeOf(files).matrices) {
    elements.set(format, (elements.get(format) ?? 0) + rows * cols);
  }
  const formats = [...elements].sort(([, a], [, b]) => b - a).map(([format]) => format);
  return { ...files.config, formats };
}

function shapeOf(files: WeightFiles): ModelShape {
  const { config } = files;
  const { hidden, layers, heads, kvHeads, headDim, ffn, vocab, tied, qkNorm, maxPosition } = config;
  const plan = layerPlan(config);
  const matrices = [{ rows: vocab, cols: hidden, format: formatOf(files, ['model.embed_tokens.weight']) }];
  if (!tied) matrices.push({ rows: vocab, cols: hidden, format: formatOf(files, ['lm_head.weight']) });
  const vectors = [hidden];
  for (let layer = 0; layer < layers; layer++) {
    for (const { cols, parts } of Object.values(plan.matrices)) {
      const names = inLayer(layer, parts);
      const rows = names.reduce((sum, [, count]) => sum + count, 0);
      matrices.push({
        rows,
        cols,
        format: formatOf(
          files,
          names.map(([name]) => name),
        ),
      });
    }
    for (const parts of Object.values(plan.vectors)) {
      if (parts) vectors.push(parts.reduce((sum, [, size]) => sum + size, 0));
    }
  }
  const { norms, residualScale, fused, logitCap, rotated } = config.block;
  const block = { norms, residualScale, fused, logitCap, rotated };
  const rotary = ropeKinds(config.block).map((kind) => rotaryColumns(config, kind));
  const sizes = { hidden, layers, heads, kvHeads, headDim, ffn, vocab, qkNorm, maxPosition };
  return { ...sizes, block, rotary, matrices, vectors };
}

/** As lm/load.ts decides. */
function formatOf(files: WeightFiles, names: readonly string[]): WeightFormat {
  return matrixFormat(
    names.map((name) => {
      const entry = files.entries.get(name);
      if (!entry) throw new ModelError(`The weights lack ${name}.`, 'Download the whole model again.');
      return entry.encoding;
    }),
  );
}
