/** The tokenizer that a GGUF's metadata amounts to, read as llama.cpp reads it. */
import * as v from 'valibot';
import { FileFormatError, ModelError } from '../../core/errors';
import type { GgufFile, GgufValue } from '../gguf/gguf';
import { ggufPres } from './ggufPre';

const hint = 'Download the file again, or convert it again with llama.cpp.';
const strings = v.array(v.string());

/** Tokens that end a reply by their name, whatever the file's ids say. */
const endNames: ReadonlySet<string> = new Set([
  '<|eot_id|>', '<|im_end|>', '<|end|>', '<|return|>', '<|call|>', '<|flush|>', '<|calls|>', '<end_of_turn>', '<|endoftext|>', '</s>',
  '<|eom_id|>', '<EOT>', '_<EOT>', '[EOT]', '[EOS]', '<|end_of_text|>', '<end_of_utterance>', '<eos>', '<turn|>', '<|tool_response>',
  '<｜end▁of▁sentence｜>', '[e~[',
  // Of fill-in-the-middle models: padding, next repository, next file.
  '<|fim_pad|>', '<fim-pad>', '<fim_pad>', '<PAD>', '[PAD]', '<|fim_repo|>', '<|repo_name|>', '<fim-repo>', '<REPO>', '<reponame>', '<|file_sep|>',
]); // prettier-ignore

export interface GgufTokenizer {
  readonly tokenizer: object;
  readonly config: Record<string, unknown>;
  /** All ids that end a reply. */
  readonly endIds: readonly number[];
  /** What the user should know about this file, or null. */
  readonly notice: string | null;
}

function validId(value: GgufValue | undefined, size: number): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < size ? value : null;
}

function endIds(gguf: GgufFile, tokens: readonly string[]): number[] {
  const named = tokens.flatMap((content, id) => (endNames.has(content) ? id : []));
  const keys = ['eos', 'eot', 'eom', 'fim_pad', 'fim_rep', 'fim_sep'].map(
    (name) => `tokenizer.ggml.${name}_token_id`,
  );
  const said = keys.flatMap((key) => validId(gguf.metadata.get(key), tokens.length) ?? []);
  const ends = new Set([...said, ...named]);
  const has = (...names: readonly string[]) => [...ends].some((id) => names.includes(tokens[id]!));
  const drop = (name: string) => ends.forEach((id) => tokens[id] === name && ends.delete(id));
  // gpt-oss and Solar end parts of a reply with <|end|>; in Gemma 4 </s> is a word.
  if (has('<|call|>', '<|calls|>') && has('<|return|>', '<|flush|>')) drop('<|end|>');
  if (has('<|tool_response>')) drop('</s>');
  return [...ends];
}

/** tokenizer.json, tokenizer_config.json and end ids of a GGUF. Throws on others than byte-level BPE. */
export function ggufTokenizer(gguf: GgufFile): GgufTokenizer {
  const get = (name: string) => gguf.metadata.get(`tokenizer.${name}`);
  const model = get('ggml.model');
  const pre = get('ggml.pre');
  const split = ggufPres.get(typeof pre === 'string' && pre !== '' ? pre : pre === undefined || pre === '' ? 'default' : String(pre)); // prettier-ignore
  if (model !== 'gpt2' || split === undefined) {
    throw new ModelError(
      `The GGUF's tokenizer is ${String(model)} with pre-tokenizer ${String(pre ?? 'default')}, which is not supported.`,
      'Use the Hugging Face folder of this model, which carries tokenizer.json.',
    );
  }
  const parsedTokens = v.safeParse(strings, get('ggml.tokens'));
  const parsedMerges = v.safeParse(strings, get('ggml.merges'));
  if (!parsedTokens.success || !parsedMerges.success) {
    throw new FileFormatError('The GGUF lacks the tokenizer’s tokens or merges.', hint);
  }
  const tokens = parsedTokens.output.map((content, id) => (content === '' ? `[EMPTY_${id}]` : content));
  const types = get('ggml.token_type');
  const ends = endIds(gguf, tokens);
  const vocab: Record<string, number> = Object.create(null) as Record<string, number>;
  const added: object[] = [];
  tokens.forEach((content, id) => {
    if (Object.hasOwn(vocab, content)) throw new FileFormatError(`The GGUF has the token ${JSON.stringify(content)} twice.`, hint); // prettier-ignore
    vocab[content] = id;
    const type = Array.isArray(types) ? (types[id] as GgufValue) : 1;
    // 2 = unknown, 3 = control, 4 = user defined.
    const special = type === 3 || endNames.has(content);
    if (!special && type !== 4 && type !== 2) return;
    added.push({ id, content, special, normalized: false, single_word: false, lstrip: false, rstrip: false });
  });
  const special = (name: string): string | undefined => {
    const id = validId(get(`ggml.${name}_token_id`), tokens.length);
    return id === null ? undefined : tokens[id];
  };
  const [bos, eos] = [special('bos'), special('eos')];
  const adds = (name: string, fallback: boolean) => {
    const value = get(`ggml.add_${name}_token`);
    return typeof value === 'boolean' ? value : fallback;
  };
  const before = bos !== undefined && adds('bos', split.bos === true) ? [bos] : [];
  const after = eos !== undefined && adds('eos', false) ? [eos] : [];
  const part = (token: string) => ({ SpecialToken: { id: token, type_id: 0 } });
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  const template = get('chat_template');
  return {
    tokenizer: {
      version: '1.0',
      added_tokens: added,
      normalizer: null,
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          ...split.patterns.map((Regex) => ({
            type: 'Split',
            pattern: { Regex },
            behavior: 'Isolated',
            invert: false,
          })),
          byteLevel,
        ],
      },
      post_processor:
        before.length + after.length > 0
          ? {
              type: 'TemplateProcessing',
              single: [...before.map(part), { Sequence: { id: 'A', type_id: 0 } }, ...after.map(part)],
              pair: [],
              special_tokens: Object.fromEntries(
                [...before, ...after].map((token) => [
                  token,
                  { id: token, ids: [vocab[token]], tokens: [token] },
                ]),
              ),
            }
          : null,
      decoder: byteLevel,
      model: { type: 'BPE', vocab, merges: parsedMerges.output, ignore_merges: split.ignoreMerges === true },
    },
    config: {
      ...(bos === undefined ? {} : { bos_token: bos }),
      ...(eos === undefined ? {} : { eos_token: eos }),
      ...(special('unknown') === undefined ? {} : { unk_token: special('unknown') }),
      ...(special('padding') === undefined ? {} : { pad_token: special('padding') }),
      ...(typeof template === 'string' ? { chat_template: template } : {}),
      clean_up_tokenization_spaces: false,
    },
    endIds: ends,
    notice:
      pre === undefined || pre === ''
        ? 'The GGUF does not say how its tokenizer splits text (tokenizer.ggml.pre); as in llama.cpp, a general rule is used, which may be wrong for this model and worsen its replies. Convert the model again, or use its Hugging Face folder.'
        : null,
  };
}
