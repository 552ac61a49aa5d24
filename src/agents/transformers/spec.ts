/** What a name means to transformers.js: where the files are, and which of them. */
import { nameWithin, storageId } from '../../specs/spec';
import type { Dtype, TransformersSpec } from '../../specs/transformers';
import type { TransformersPlace, TransformersRef } from './protocol';

/** File names of the forms, as transformers.js looks for them under onnx/. */
export const dtypeSuffix: Readonly<Record<Dtype, string>> = {
  q4f16: '_q4f16',
  q4: '_q4',
  q8: '_quantized',
  fp16: '_fp16',
  fp32: '',
};

function placeOf(spec: TransformersSpec, base: string): TransformersPlace {
  switch (spec.place) {
    case 'hub':
      return { type: 'hub', id: spec.repo };
    case 'local':
      return { type: 'stored', id: storageId(spec) };
    case 'address':
    case 'path': {
      const url = new URL(spec.address, base).href;
      return { type: 'folder', url: url.endsWith('/') ? url : `${url}/` };
    }
    default:
      return spec satisfies never;
  }
}

/** `base` is the app's address, ending with a slash. */
export function transformersRef(
  spec: TransformersSpec,
  { base, device = 'auto' }: { readonly base: string; readonly device?: TransformersRef['device'] },
): TransformersRef {
  return { name: nameWithin(spec), place: placeOf(spec, base), dtype: spec.dtype, device };
}
