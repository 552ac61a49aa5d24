/**
 * Pre-tokenizers of GGUF files by the name in tokenizer.ggml.pre: the split patterns that llama.cpp applies one after
 * another, written as in the tokenizer.json of the models that the names stand for.
 */
const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const gpt2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const tail = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const words = (digits: string): string =>
  `(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}|${tail}`;
const cased = (end: string, digits: string): string => {
  const upper = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
  const lower = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
  const before = '[^\\r\\n\\p{L}\\p{N}]?';
  return `${before}${upper}*${lower}+${end}|${before}${upper}+${lower}*${end}|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
};
const ascii = '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~]';
const deepseek3 = [
  '\\p{N}{1,3}',
  '[一-龥぀-ゟ゠-ヿ]+',
  `${ascii}[A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`,
];
/** llama.cpp's own, for files that do not say which one is theirs. */
const unnamed = ['[\\p{P}\\$\\+<=>\\^~\\|]+', gpt2, '\\p{N}+', '[0-9][0-9][0-9]'];

export interface GgufPre {
  readonly patterns: readonly string[];
  /** Whole words of the vocabulary are taken before merges. */
  readonly ignoreMerges?: true;
  /** BOS is added unless the file says otherwise. */
  readonly bos?: true;
}

const groups: readonly (readonly [readonly string[], GgufPre])[] = [
  [['default'], { patterns: unnamed }],
  [['llama-bpe', 'llama-v3', 'llama3', 'falcon3', 'falcon-h1', 'pixtral', 'midm-2.0', 'lfm2', 'jina-v5-nano'], { patterns: [words('\\p{N}{1,3}')], ignoreMerges: true, bos: true }],
  [['smaug-bpe', 'dbrx', 'glm4', 'chatglm-bpe'], { patterns: [words('\\p{N}{1,3}')] }],
  [['qwen2', 'deepseek-r1-qwen', 'kormo', 'f2llmv2', 'megrez', 'stablelm2', 'hunyuan', 'solar-open', 'grok-2'], { patterns: [words('\\p{N}')] }],
  [['gpt-2', 'gpt2', 'phi-2', 'gigachat', 'a.x-4.0', 'mellum', 'modern-bert', 'mpt', 'olmo', 'jais', 'trillion', 'granite-docling', 'exaone4'], { patterns: [gpt2] }],
  [['smollm', 'starcoder', 'refact', 'command-r', 'codeshell', 'exaone', 'minerva-7b', 'mellum2'], { patterns: ['\\p{N}', gpt2] }],
  [['tekken'], { patterns: [cased('', '\\p{N}')], ignoreMerges: true, bos: true }],
  [['gpt-4o', 'llama4', 'kanana2', 'talkie', 'minimax-m2'], { patterns: [cased(`${contractions}?`, '\\p{N}{1,3}')] }],
  [['deepseek-v3', 'hunyuan-dense', 'joyai-llm', 'hy_v4'], { patterns: deepseek3 }],
  [['deepseek-coder'], { patterns: ['[\\r\\n]', '\\s?\\p{L}+', '\\s?\\p{P}+', '[一-龥ࠀ-一가-퟿]+', '\\p{N}'] }],
  [['falcon'], { patterns: ['[\\p{P}\\$\\+<=>\\^~\\|`]+', gpt2, '[0-9][0-9][0-9]'] }],
]; // prettier-ignore

export const ggufPres: ReadonlyMap<string, GgufPre> = new Map(
  groups.flatMap(([names, pre]) => names.map((name) => [name, pre] as const)),
);
