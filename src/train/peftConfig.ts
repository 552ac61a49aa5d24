/** adapter_config.json as peft writes it: what of it a plain LoRA amounts to, and what is refused. */
import * as v from 'valibot';
import { FileFormatError, ModelError } from '../core/errors';
import { issueText } from '../core/issueText';

const names = v.nullish(v.union([v.array(v.string()), v.string()]));
const pattern = v.nullish(v.record(v.string(), v.number()), {});

const configSchema = v.looseObject({
  peft_type: v.literal('LORA'),
  r: v.number(),
  lora_alpha: v.number(),
  lora_dropout: v.nullish(v.number(), 0),
  use_rslora: v.nullish(v.boolean(), false),
  fan_in_fan_out: v.nullish(v.boolean(), false),
  bias: v.nullish(v.string(), 'none'),
  init_lora_weights: v.nullish(v.union([v.boolean(), v.string()]), true),
  target_modules: names,
  target_parameters: v.nullish(v.array(v.string())),
  exclude_modules: names,
  layers_to_transform: v.nullish(v.union([v.array(v.number()), v.number()])),
  layers_pattern: names,
  rank_pattern: pattern,
  alpha_pattern: pattern,
  modules_to_save: v.nullish(v.array(v.string()), []),
});

export type PeftConfig = v.InferOutput<typeof configSchema>;

const hint = 'Pick a LoRA adapter folder written by peft or by this app.';

/** Initialisations that leave the base as it is: their trained adapter is a plain LoRA. */
const plainStarts: ReadonlySet<string> = new Set(['true', 'false', 'gaussian', 'eva', 'orthogonal', 'lora_ga', 'mica']); // prettier-ignore
/** Those that take their first adapter out of the base: peft does it again whenever it loads one. */
const baseStarts: readonly (readonly [start: string, name: string])[] = [
  ['pissa', 'PiSSA'],
  ['olora', 'OLoRA'],
  ['corda', 'CorDA'],
  ['loftq', 'LoftQ'],
];

function refuseStart(start: boolean | string): void {
  const name = String(start).toLowerCase();
  if (plainStarts.has(name)) return;
  const known = baseStarts.find(([prefix]) => name.startsWith(prefix))?.[1];
  throw new ModelError(
    known === undefined
      ? `The adapter began as "${name}", which is not known: it may belong to a changed base.`
      : `The adapter began as ${known}, which changes the base model: on the unchanged base it gives wrong answers.`,
    'Convert it to a plain LoRA with peft (save_pretrained with path_initial_model_for_weight_conversion), and take that.',
  );
}

/** Names of what the config asks for beyond a plain LoRA on the seven linears. */
function oddities(raw: PeftConfig): readonly string[] {
  const filled = (name: string): boolean => {
    const value = raw[name];
    if (value == null || value === false) return false;
    return Array.isArray(value) ? value.length > 0 : true;
  };
  const named: Readonly<Record<string, string>> = {
    use_dora: 'DoRA',
    use_qalora: 'QALoRA',
    use_bdlora: 'BD-LoRA',
    alora_invocation_tokens: 'aLoRA (active only after certain tokens)',
    layer_replication: 'repeated layers',
    lora_bias: 'biases of its own',
    trainable_token_indices: 'trained token embeddings',
    fan_in_fan_out: 'fan_in_fan_out',
  };
  // Settings of starts that leave the base as it is, and of what only matters while peft trains.
  const harmless = /^(loftq|eva|corda|lora_ga|megatron|runtime)_config$|^use_rslora$/;
  const others = Object.keys(raw).filter(
    (name) => /^use_|_config$/.test(name) && !harmless.test(name) && !(name in named) && filled(name),
  );
  return [
    ...Object.entries(named).flatMap(([name, words]) => (filled(name) ? [words] : [])),
    ...others.map((name) => name.replace(/^use_|_config$/g, '').replaceAll('_', ' ')),
    ...(raw.bias === 'none' ? [] : [`bias "${raw.bias}"`]),
    ...((raw.modules_to_save ?? []).length > 0
      ? [`fully trained modules (${raw.modules_to_save?.join(', ')})`]
      : []),
  ];
}

/** `json` is the parsed file. Throws FileFormatError where it is malformed, ModelError for what is not supported. */
export function parsePeftConfig(json: unknown, origin: string): PeftConfig {
  const type = typeof json === 'object' && json !== null && 'peft_type' in json ? json.peft_type : undefined;
  if (typeof type === 'string' && type !== 'LORA') {
    throw new FileFormatError(`The adapter of ${origin} is of the kind ${type}; LoRA can be used.`, hint);
  }
  const parsed = v.safeParse(configSchema, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const fault = issueText(v.getDotPath(issue), issue);
    throw new FileFormatError(`adapter_config.json of ${origin} cannot be used: ${fault}.`, hint);
  }
  const raw = parsed.output;
  const odd = oddities(raw);
  if (odd.length > 0) {
    throw new ModelError(
      `The adapter uses ${odd.join(', ')}, which is not supported.`,
      'Use a plain LoRA adapter.',
    );
  }
  refuseStart(raw.init_lora_weights ?? true);
  return raw;
}

/**
 * A pattern of Python's `re` that must match all of a module's path; null where JavaScript has no such pattern, and for
 * one that could search without end (a repeated group, or many repetitions).
 */
function python(source: string, before = '', after = ''): RegExp | null {
  if (source.length > 2000 || /\)[*+{]/.test(source) || (source.match(/[*+}]/g) ?? []).length > 6)
    return null;
  const same = source.replaceAll('(?P<', '(?<').replaceAll('\\Z', '$').replaceAll('\\A', '^');
  try {
    return new RegExp(`^(?:${before}(?:${same})${after})$`);
  } catch {
    return null;
  }
}

const list = (value: readonly string[] | string | null | undefined): readonly string[] =>
  value == null ? [] : typeof value === 'string' ? [value] : value;

const endsIn = (module: string, endings: readonly string[]): boolean =>
  endings.some((ending) => module === ending || module.endsWith(`.${ending}`));

/**
 * Whether peft gives a module (`model.layers.0.self_attn.q_proj`) a pair of matrices, as its check_target_module_exists
 * and its layer indices say it; a pattern that cannot be read here counts as matching.
 */
export function isTargeted(raw: PeftConfig, module: string): boolean {
  const { target_modules: targets, exclude_modules: excluded, layers_to_transform: layers } = raw;
  if (typeof excluded === 'string' && excluded !== '' && python(excluded)?.test(module)) return false;
  if (Array.isArray(excluded) && endsIn(module, excluded)) return false;
  if (endsIn(`${module}.weight`, raw.target_parameters ?? [])) return true;
  if (targets === 'all-linear') return true;
  if (typeof targets === 'string') return python(targets)?.test(module) ?? true;
  if (!endsIn(module, targets ?? [])) return false;
  const wanted = layers == null ? [] : typeof layers === 'number' ? [layers] : layers;
  if (typeof layers !== 'number' && wanted.length === 0) return true;
  const before = list(raw.layers_pattern);
  const holders = before.length === 0 ? ['[^.]*'] : before;
  const index = holders
    .map((holder) => python(holder, '(?:.*?\\.)?', '\\.(?<idx>\\d+)\\..*')?.exec(module)?.groups?.['idx'])
    .find((found) => found !== undefined);
  return index !== undefined && wanted.includes(Number(index));
}

function patterned(
  patterns: Readonly<Record<string, number>> | null | undefined,
  module: string,
): number | undefined {
  for (const [key, value] of Object.entries(patterns ?? {})) {
    const wanted = python(key, '(?:.*\\.)?');
    if (!wanted)
      throw new ModelError(
        `The adapter's ranks or alphas differ by the pattern "${key.slice(0, 80)}", which cannot be read here.`,
        'Use an adapter whose patterns name modules plainly, or one rank and one alpha for all.',
      );
    if (wanted.test(module)) return value;
  }
  return undefined;
}

/** Rank and scale of a module's matrices. */
export interface ModuleScale {
  readonly rank: number;
  readonly alpha: number;
  /** alpha / rank, or alpha / sqrt(rank) where it is rank-stabilised. */
  readonly scale: number;
}

/** What each module has, by the patterns that name it or else the settings of all. Throws ModelError for a pattern that cannot be read. */
export function moduleScales(raw: PeftConfig, modules: readonly string[]): ReadonlyMap<string, ModuleScale> {
  return new Map(
    modules.map((module) => {
      const rank = patterned(raw.rank_pattern, module) ?? raw.r;
      const alpha = patterned(raw.alpha_pattern, module) ?? raw.lora_alpha;
      return [module, { rank, alpha, scale: alpha / (raw.use_rslora ? Math.sqrt(rank) : rank) }];
    }),
  );
}
