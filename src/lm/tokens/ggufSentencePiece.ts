/**
 * SentencePiece tokenizers of GGUF files as parts of a tokenizer.json: `llama`, which merges the pair whose piece has the highest
 * score, and `t5`, which takes the likeliest pieces.
 */
import { FileFormatError } from '../../core/errors';
import { damagedGguf, tokenType, type GgufVocabulary } from './ggufVocabulary';

const space = '▁';

/** What a kind of tokenizer has beside its tokens. */
export interface TokenizerParts {
  readonly normalizer: object | null;
  readonly pre_tokenizer: object | null;
  readonly decoder: object;
  readonly model: object;
}

/**
 * The merges of a vocabulary with scores: each two pieces that together are a piece, in the order of its score; of the same score
 * those with the longer left part first, as transformers orders them.
 */
export function mergesByScore(
  tokens: readonly string[],
  scores: readonly number[],
  mergeable: (id: number) => boolean,
): [string, string][] {
  const pieces = new Set(tokens.filter((_, id) => mergeable(id)));
  const order = tokens.map((_, id) => id).filter((id) => mergeable(id) && tokens[id]!.length > 1);
  order.sort((a, b) => scores[b]! - scores[a]! || a - b);
  const merges: [string, string][] = [];
  for (let from = 0; from < order.length;) {
    const score = scores[order[from]!]!;
    const alike: [string, string][] = [];
    let to = from;
    for (; to < order.length && scores[order[to]!] === score; to++) putPairs(tokens[order[to]!]!, pieces, alike); // prettier-ignore
    // As a rule each piece has a score of its own, and its pairs come in this order already.
    if (to > from + 1) alike.sort(([a, c], [b, d]) => b.length - a.length || d.length - c.length);
    for (const pair of alike) merges.push(pair);
    from = Math.max(to, from + 1);
  }
  return merges;
}

/** Adds the pairs of pieces that make up a piece, the one with the longest left part first. */
function putPairs(piece: string, pieces: ReadonlySet<string>, to: [string, string][]): void {
  for (let cut = piece.length - 1; cut > 0; cut--) {
    const unit = piece.charCodeAt(cut);
    // Between the two units of one letter.
    if (unit >= 0xdc00 && unit <= 0xdfff) continue;
    const left = piece.slice(0, cut);
    if (!pieces.has(left)) continue;
    const right = piece.slice(cut);
    if (pieces.has(right)) to.push([left, right]);
  }
}

const blanks = { type: 'Replace', pattern: { String: ' ' }, content: space };
const unescape = { type: 'Replace', pattern: { String: space }, content: ' ' };

/** `llama`: SentencePiece's BPE, with bytes for what no piece holds. */
export function llamaParts(vocabulary: GgufVocabulary): TokenizerParts {
  const { tokens, ids } = vocabulary;
  const prefix = vocabulary.flag('ggml.add_space_prefix', true);
  const mergeable = (id: number): boolean => {
    const type = vocabulary.type(id);
    return type !== tokenType.control && type !== tokenType.unknown && type !== tokenType.byte;
  };
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`); // prettier-ignore
  return {
    // After each added token the prefix is put again, as llama.cpp and the older tokenizers of Llama do.
    normalizer: prefix
      ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: space }, blanks] }
      : blanks,
    pre_tokenizer: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        unescape,
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: 'BPE',
      vocab: ids,
      merges: mergesByScore(tokens, vocabulary.scores(), mergeable),
      unk_token: vocabulary.special('unknown') ?? null,
      fuse_unk: true,
      byte_fallback: bytes.every((token) => Object.hasOwn(ids, token)),
      ignore_merges: false,
    },
  };
}

const base64 = (bytes: readonly number[]): string =>
  btoa(bytes.map((byte) => String.fromCharCode(byte & 255)).join(''));

/** `t5`: SentencePiece's unigram model. */
export function unigramParts(vocabulary: GgufVocabulary): TokenizerParts {
  const { tokens, ids } = vocabulary;
  const unknown = vocabulary.special('unknown');
  if (unknown === undefined)
    throw new FileFormatError('The GGUF names no unknown token, which its tokenizer needs.', damagedGguf);
  const scores = vocabulary.scores();
  const map = vocabulary.get('ggml.precompiled_charsmap');
  const isMap = Array.isArray(map) && map.every((byte) => typeof byte === 'number') && map.length > 4;
  const merges = vocabulary.flag('ggml.remove_extra_whitespaces', false);
  const prefix = merges || vocabulary.flag('ggml.add_space_prefix', false);
  const normalizers = [
    ...(isMap ? [{ type: 'Precompiled', precompiled_charsmap: base64(map) }] : []),
    ...(merges
      ? [
          { type: 'Strip', strip_left: false, strip_right: true },
          { type: 'Replace', pattern: { Regex: ' {2,}' }, content: space },
        ]
      : []),
  ];
  const metaspace = { type: 'Metaspace', replacement: space, prepend_scheme: prefix ? 'always' : 'never' };
  return {
    normalizer: normalizers.length === 0 ? null : { type: 'Sequence', normalizers },
    pre_tokenizer: { ...metaspace, split: true },
    decoder: metaspace,
    model: {
      type: 'Unigram',
      unk_id: ids[unknown],
      // Tokens of the user's own are matched as added ones; were they here, they would be certain.
      vocab: tokens.map((token, id) => [
        token,
        vocabulary.type(id) === tokenType.userDefined ? 0 : scores[id],
      ]),
      byte_fallback: false,
    },
  };
}
