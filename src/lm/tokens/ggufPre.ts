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
/** Words with the letters, the digits and the rest as given, and everything else as in `words`. */
const wordsOf = (letters: string, digits: string, rest: string): string =>
  `(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\\r\\n\\p{L}\\p{N}]?${letters}|${digits}| ?${rest}|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
const bailing =
  "'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+";
const bloom = ' ?[^(\\s|.,!?…。，、।۔،)]+';
/** Letters of the alphabets that DeepSeek LLM takes as words. */
const deepseekLetters =
  'A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿ\\u0386\\u0388-\\u038A\\u038C\\u038E-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚ\\u1E00-\\u1F15\\u1F18-\\u1F1D\\u1F20-\\u1F45\\u1F48-\\u1F4D\\u1F50-\\u1F57\\u1F59\\u1F5B\\u1F5D\\u1F5F-\\u1F7D\\u1F80-\\u1FB4\\u1FB6-\\u1FBC\\u1FBE\\u1FC2-\\u1FC4\\u1FC6-\\u1FCC\\u1FD0-\\u1FD3\\u1FD6-\\u1FDB\\u1FE0-\\u1FEC\\u1FF2-\\u1FF4\\u1FF6-\\u1FFCℂℇℊ-ℓℕℙ-ℝℤ\\u2126ℨ\\u212A-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃';
const deepseekLlm = [
  '[\\r\\n]',
  `\\s?[${deepseekLetters}]+`,
  '\\s?[!-/:-~！-／：-～‘-‟\\u3000-。]+',
  '\\s+$',
  '[一-龥ࠀ-一가-퟿]+',
  '\\p{N}+',
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
  [['deepseek-llm'], { patterns: deepseekLlm }],
  [['qwen35'], { patterns: [wordsOf('[\\p{L}\\p{M}]+', '\\p{N}', '[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*')] }],
  [['seed-coder'], { patterns: [wordsOf('\\p{L}+', '\\p{N}', '[^\\s\\p{L}\\p{N}\\r\\n]+')] }],
  [['minicpm5'], { patterns: ['\\p{N}{1,3}', words('\\p{N}+')], ignoreMerges: true }],
  [['exaone-moe'], { patterns: [wordsOf('(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+', '\\p{N}', '[^\\s\\p{L}\\p{N}]+[\\r\\n/]?').replace('\\s*[\\r\\n]+', '\\s*[\\r\\n]')] }],
  [['bailingmoe', 'bailingmoe2', 'llada-moe'], { patterns: [bailing] }],
  [['bloom', 'poro-chat', 'gpt3-finnish'], { patterns: [bloom] }],
  [['viking'], { patterns: [bloom, '\\p{N}'] }],
  [['deepseek-coder'], { patterns: ['[\\r\\n]', '\\s?\\p{L}+', '\\s?\\p{P}+', '[一-龥ࠀ-一가-퟿]+', '\\p{N}'] }],
  [['falcon'], { patterns: ['[\\p{P}\\$\\+<=>\\^~\\|`]+', gpt2, '[0-9][0-9][0-9]'] }],
]; // prettier-ignore

export const ggufPres: ReadonlyMap<string, GgufPre> = new Map(
  groups.flatMap(([names, pre]) => names.map((name) => [name, pre] as const)),
);
