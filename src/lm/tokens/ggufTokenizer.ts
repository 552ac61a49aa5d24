/** The tokenizer that a GGUF's metadata amounts to, read as llama.cpp reads it. */
import { ModelError } from '../../core/errors';
import { shownValue, type GgufFile } from '../gguf/gguf';
import { ggufPres } from './ggufPre';
import { llamaParts, unigramParts, type TokenizerParts } from './ggufSentencePiece';
import { GgufVocabulary, type DefaultIds } from './ggufVocabulary';

export interface GgufTokenizer {
  readonly tokenizer: object;
  readonly config: Record<string, unknown>;
  /** All ids that end a reply. */
  readonly endIds: readonly number[];
  /** What the user should know about this file, or null. */
  readonly notice: string | null;
}

interface Kind {
  readonly defaults: DefaultIds;
  /** Whether BOS and EOS are added unless the file says otherwise. */
  readonly adds: { readonly bos: boolean; readonly eos: boolean };
  parts(vocabulary: GgufVocabulary): TokenizerParts;
}

const noSplit =
  'The GGUF does not say how its tokenizer splits text (tokenizer.ggml.pre); as in llama.cpp, a general rule is used, which may be wrong for this model and worsen its replies. Convert the model again, or use its Hugging Face folder.';

/** Byte-level BPE whose text is cut by the rule of that name; null for a rule that is not known. */
function byteLevel(pre: string): Kind | null {
  const split = ggufPres.get(pre);
  if (split === undefined) return null;
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  return {
    defaults: {},
    adds: { bos: split.bos === true, eos: false },
    parts: (vocabulary) => ({
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
          bytes,
        ],
      },
      decoder: bytes,
      model: {
        type: 'BPE',
        vocab: vocabulary.ids,
        merges: vocabulary.strings('ggml.merges', 'merges'),
        ignore_merges: split.ignoreMerges === true,
      },
    }),
  };
}

const llama: Kind = {
  defaults: { bos: 1, eos: 2, unknown: 0 },
  adds: { bos: true, eos: false },
  parts: llamaParts,
};
const unigram: Kind = {
  defaults: { eos: 1, unknown: 2, padding: 0 },
  adds: { bos: false, eos: true },
  parts: unigramParts,
};

/** tokenizer.json, tokenizer_config.json and end ids of a GGUF. Throws ModelError for a kind of tokenizer that is not done here. */
export function ggufTokenizer(gguf: GgufFile): GgufTokenizer {
  const said = gguf.metadata.get('tokenizer.ggml.pre');
  const model = gguf.metadata.get('tokenizer.ggml.model');
  const pre = said === undefined || said === '' ? 'default' : shownValue(said);
  const kind = model === 'gpt2' ? byteLevel(pre) : model === 'llama' ? llama : model === 't5' ? unigram : null; // prettier-ignore
  if (kind === null) {
    throw new ModelError(
      `The GGUF's tokenizer is ${shownValue(model)}${model === 'gpt2' || said !== undefined ? ` with pre-tokenizer ${pre}` : ''}, which is not supported.`,
      'Use the Hugging Face folder of this model, which carries tokenizer.json.',
    );
  }
  const vocabulary = new GgufVocabulary(gguf, kind.defaults);
  const { ids } = vocabulary;
  const [bos, eos] = [vocabulary.special('bos'), vocabulary.special('eos')];
  const before = bos !== undefined && vocabulary.flag('ggml.add_bos_token', kind.adds.bos) ? [bos] : [];
  const after = eos !== undefined && vocabulary.flag('ggml.add_eos_token', kind.adds.eos) ? [eos] : [];
  const part = (token: string) => ({ SpecialToken: { id: token, type_id: 0 } });
  const template = vocabulary.get('chat_template');
  const named = {
    bos_token: bos,
    eos_token: eos,
    unk_token: vocabulary.special('unknown'),
    pad_token: vocabulary.special('padding'),
  };
  return {
    tokenizer: {
      version: '1.0',
      added_tokens: vocabulary.added(),
      post_processor:
        before.length + after.length > 0
          ? {
              type: 'TemplateProcessing',
              single: [...before.map(part), { Sequence: { id: 'A', type_id: 0 } }, ...after.map(part)],
              pair: [],
              special_tokens: Object.fromEntries(
                [...before, ...after].map((token) => [
                  token,
                  { id: token, ids: [ids[token]], tokens: [token] },
                ]),
              ),
            }
          : null,
      ...kind.parts(vocabulary),
    },
    config: {
      ...Object.fromEntries(Object.entries(named).filter(([, token]) => token !== undefined)),
      ...(typeof template === 'string' ? { chat_template: template } : {}),
      clean_up_tokenization_spaces: false,
    },
    endIds: vocabulary.endIds(),
    notice: model === 'gpt2' && (said === undefined || said === '') ? noSplit : null,
  };
}
