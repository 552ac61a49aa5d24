/** llama.cpp's name of a tokenizer's split, recognised from its tokenizer.json: a GGUF holds the name alone. */
import * as v from 'valibot';
import { ModelError } from '../core/errors';

export type PreTokenizer = 'gpt-2' | 'smollm' | 'llama-bpe' | 'qwen2';

const nodeSchema = v.looseObject({
  type: v.string(),
  pretokenizers: v.optional(v.array(v.looseObject({ type: v.string() }))),
  normalizers: v.optional(v.array(v.looseObject({ type: v.string() }))),
});

type Node = Readonly<Record<string, unknown>> & { readonly type: string };

/** A sequence as the list of its parts, however it is nested. */
function parts(json: unknown): readonly Node[] {
  if (json == null) return [];
  const parsed = v.safeParse(nodeSchema, json);
  if (!parsed.success) return [{ type: 'unknown' }];
  const node = parsed.output;
  return node.type === 'Sequence' ? (node.pretokenizers ?? node.normalizers ?? []).flatMap(parts) : [node];
}

const ending =
  '|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|NUMBER| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
/** Two spellings of "'s, 't, ... in any case", of tokenizer.json files and of llama.cpp. */
const contractions = [
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)",
  "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])",
];
const patterns = new Map<string, PreTokenizer>(
  contractions.flatMap((start) => [
    [start + ending.replace('NUMBER', '\\p{N}{1,3}'), 'llama-bpe'] as const,
    [start + ending.replace('NUMBER', '\\p{N}'), 'qwen2'] as const,
  ]),
);

function splitName(nodes: readonly Node[]): PreTokenizer | null {
  const [first, last] = nodes;
  if (!first || nodes.length > 2) return null;
  const bytes = last ?? first;
  if (bytes.type !== 'ByteLevel' || bytes['add_prefix_space'] === true) return null;
  const regex = bytes['use_regex'] !== false;
  if (!last) return regex ? 'gpt-2' : null;
  if (first.type === 'Digits') return regex && first['individual_digits'] === true ? 'smollm' : null;
  if (first.type !== 'Split' || regex) return null;
  const whole =
    (first['behavior'] === 'Isolated' && first['invert'] !== true) ||
    (first['behavior'] === 'Removed' && first['invert'] === true);
  const pattern = v.safeParse(v.object({ Regex: v.string() }), first['pattern']);
  return whole && pattern.success ? (patterns.get(pattern.output.Regex) ?? null) : null;
}

const elsewhere = 'Export as merged safetensors and convert them with llama.cpp.';

/** Throws ModelError for a split or a normaliser that a GGUF cannot name. */
export function preTokenizerName(tokenizer: {
  readonly pre_tokenizer?: unknown;
  readonly normalizer?: unknown;
}): PreTokenizer {
  const name = splitName(parts(tokenizer.pre_tokenizer));
  if (name === null) {
    throw new ModelError("llama.cpp has no name for the way this model's tokenizer cuts text.", elsewhere);
  }
  // Qwen's NFC is left out by llama.cpp's own converter too.
  const other = parts(tokenizer.normalizer).find(({ type }) => type !== 'NFC');
  if (other) {
    throw new ModelError(
      `The tokenizer changes text first (${other.type}), which a GGUF cannot say.`,
      elsewhere,
    );
  }
  return name;
}
