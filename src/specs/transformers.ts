/** Names of models that transformers.js runs. */
import { ConfigError } from '../core/errors';
import { hubAddresses, isRepository, located, withoutScheme, type Located } from './addresses';
import { pickedName, writePicked } from './engine';
import type { Grammar } from './grammar';

export const dtypes = ['q4f16', 'q4', 'q8', 'fp16', 'fp32'] as const;
/** A form of weights. */
export type Dtype = (typeof dtypes)[number];

export function isDtype(name: string): name is Dtype {
  return dtypes.some((known) => known === name);
}

interface Common {
  readonly runtime: 'transformers';
  /** Null: the smallest form that is there and that the device reads. */
  readonly dtype: Dtype | null;
}

export type TransformersSpec =
  | (Common & { readonly place: 'hub'; readonly repo: string })
  | (Common & { readonly place: 'local'; readonly name: string })
  | (Common & Located);

/** A model of the hub. */
export function onnx(repo: string, dtype: Dtype | null = null): TransformersSpec {
  return { runtime: 'transformers', place: 'hub', repo, dtype };
}

/** Files that the user picked. */
export function pickedOnnx(name: string): TransformersSpec {
  return { runtime: 'transformers', place: 'local', name, dtype: null };
}

const prefix = 'transformers:';

function placeText(spec: TransformersSpec): string {
  return spec.place === 'hub' ? spec.repo : spec.place === 'local' ? writePicked(spec.name) : spec.address;
}

/** `transformers:OWNER/NAME`, `transformers:local:NAME` or the address of a folder; `@FORM` may follow. */
export const transformers: Grammar<TransformersSpec> = {
  prefix,
  parse(rest, text) {
    const [, plain = rest, form = null] = /^(.+)@([\w-]+)$/.exec(rest) ?? [];
    if (form !== null && !isDtype(form)) {
      throw new ConfigError(`"${form}" is not a form of weights (${text}).`, `Use ${dtypes.join(', ')}.`);
    }
    const common = { runtime: 'transformers', dtype: form } as const;
    const name = pickedName(plain);
    if (name !== null && name !== '') return { ...common, place: 'local', name };
    const at = located(plain);
    if (at) return { ...common, ...at };
    if (isRepository(plain)) return { ...common, place: 'hub', repo: plain };
    throw new ConfigError(
      `"${text}" names no ONNX model.`,
      'Write transformers:ORG/NAME of the Hugging Face hub, or the address of a folder with config.json and onnx/.',
    );
  },
  write: (spec) => `${placeText(spec)}${spec.dtype === null ? '' : `@${spec.dtype}`}`,
  label(spec) {
    const name = spec.place === 'local' ? spec.name : withoutScheme(placeText(spec));
    return `${name}${spec.dtype === null ? '' : `@${spec.dtype}`}`;
  },
  contacts(spec) {
    if (spec.place === 'hub') return hubAddresses;
    return spec.place === 'local' ? [] : [spec.address];
  },
  keeper: ({ place }) => (place === 'hub' || place === 'local' ? 'storage' : 'library'),
};
