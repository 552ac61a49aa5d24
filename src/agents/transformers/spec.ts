/** `transformers:NAME` as the user writes it. */
import { ConfigError } from '../../core/errors';
import type { TransformersPlace, TransformersRef } from './protocol';

export const dtypes = ['q4f16', 'q4', 'q8', 'fp16', 'fp32'] as const;
export type Dtype = (typeof dtypes)[number];

export function isDtype(name: string): name is Dtype {
  return dtypes.some((known) => known === name);
}

/** File names of the forms, as transformers.js looks for them under onnx/. */
export const dtypeSuffix: Readonly<Record<Dtype, string>> = {
  q4f16: '_q4f16',
  q4: '_q4',
  q8: '_quantized',
  fp16: '_fp16',
  fp32: '',
};

export interface SpecOptions {
  /** The app's address, ending with a slash. */
  readonly base: string;
  readonly device?: TransformersRef['device'];
}

function placeOf(name: string, { base }: SpecOptions): TransformersPlace {
  if (name.startsWith('local:')) return { type: 'stored', id: name };
  if (/^(https?:\/\/|\/|\.\/|files\/)/.test(name)) {
    const url = new URL(name, base).href;
    return { type: 'folder', url: url.endsWith('/') ? url : `${url}/` };
  }
  const hub = /^([\w.-]+\/[\w.-]+)$/.exec(name);
  if (hub?.[1] && !name.includes('..')) return { type: 'hub', id: hub[1] };
  throw new ConfigError(
    `"transformers:${name}" names no ONNX model.`,
    'Write transformers:ORG/NAME of the Hugging Face hub, or the address of a folder with config.json and onnx/.',
  );
}

/** NAME or NAME@DTYPE. Throws ConfigError. */
export function parseTransformers(name: string, options: SpecOptions): TransformersRef {
  const [, plain = name, dtype = null] = /^(.+)@([\w-]+)$/.exec(name) ?? [];
  if (dtype !== null && !isDtype(dtype)) {
    throw new ConfigError(
      `"${dtype}" is not a form of weights (transformers:${name}).`,
      `Use ${dtypes.join(', ')}.`,
    );
  }
  return { name, place: placeOf(plain, options), dtype, device: options.device ?? 'auto' };
}
