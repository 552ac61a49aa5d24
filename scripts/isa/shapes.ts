/** Eight models whose kernel forms are compiled, as shapes: two layers have every form of many, and few words those of many. */
import type { Backend, WeightFormat } from '../../src/compute/ops';
import type { LanguageModel } from '../../src/lm/types';
import { emptyModel, modelShapes, type Shape } from '../../src/lm/shaped/emptyModel';

/** The true ones divide by 4 too, and more of a kernel's form does not depend on them. */
const small = { layers: 2, vocab: 512 };
const maxContext = 1024;

const { 'Llama-3.2-3B': _, bundled, ...known } = modelShapes;
const shapes: Readonly<Record<string, Shape>> = {
  ...Object.fromEntries(Object.entries(known).map(([name, shape]) => [name, { ...shape, ...small }])),
  // The longest head, in place of one more of 128.
  'Gemma-3-1B': { family: 'llama', hidden: 1152, heads: 4, kvHeads: 1, headDim: 256, ffn: 6912, ...small },
  bundled: { ...bundled, layers: small.layers },
};

export const shapeNames: readonly string[] = Object.keys(shapes);

/** The model of that shape, its weights allocated and never written. */
export function shapedModel(backend: Backend, name: string, format: WeightFormat): LanguageModel {
  const shape = shapes[name];
  if (shape === undefined) throw new RangeError(`no shape ${name}`);
  return emptyModel(backend, shape, format, maxContext);
}
