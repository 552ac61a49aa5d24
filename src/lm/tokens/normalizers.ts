/** Normalisers of tokenizer.json as Hugging Face's tokenizers does them. */
import { asJson, asList, asPiece, asText, toByteLetters, type Json } from './preTokenizers';
import { createPrecompiled } from './precompiled';
import { asGiven, blank, compilePattern, unsupported } from './regex';

export type Normalizer = (text: string) => string;

const leading = new RegExp(`^${blank}+`, 'u');
const trailing = new RegExp(`${blank}+$`, 'u');
const anyBlank = new RegExp(`^${blank}$`, 'u');

/** Letter by letter, as Rust does it: no final sigma. */
const lowercase: Normalizer = (text) => Array.from(text, (letter) => letter.toLowerCase()).join('');

const chinese = /[\u4E00-\u9FFF\u3400-\u4DBF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]/gu; // prettier-ignore

function bert(config: Json): Normalizer {
  const flag = (name: string) => (config[name] ?? true) === true;
  const lower = flag('lowercase');
  const accents = (config['strip_accents'] ?? lower) === true;
  return (text) => {
    let now = text;
    if (flag('clean_text'))
      now = Array.from(now, (letter) => {
        if (letter === '\t' || letter === '\n' || letter === '\r') return ' ';
        if (letter === '\uFFFD' || /^\p{C}$/u.test(letter)) return '';
        return anyBlank.test(letter) ? ' ' : letter;
      }).join('');
    if (flag('handle_chinese_chars')) now = now.replace(chinese, ' $& ');
    if (accents) now = now.normalize('NFD').replace(/\p{Mn}/gu, '');
    return lower ? lowercase(now) : now;
  };
}

/** The normaliser that a tokenizer.json describes. Throws ModelError for one that is not done here. */
export function createNormalizer(value: unknown): Normalizer | null {
  if (value === null || value === undefined) return null;
  const config = asJson(value);
  const type = config['type'];
  switch (type) {
    case 'Sequence': {
      const steps = asList(config['normalizers']).flatMap((item) => createNormalizer(item) ?? []);
      return (text) => steps.reduce((now, step) => step(now), text);
    }
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
      return (text) => text.normalize(type);
    case 'Lowercase':
      return lowercase;
    case 'Strip': {
      const [left, right] = [config['strip_left'] !== false, config['strip_right'] !== false];
      return (text) => {
        const now = left ? text.replace(leading, '') : text;
        return right ? now.replace(trailing, '') : now;
      };
    }
    case 'StripAccents':
      return (text) => text.replace(/\p{M}/gu, '');
    case 'Prepend': {
      const prefix = asPiece(config['prepend'], '');
      return (text) => (text === '' ? text : prefix + text);
    }
    case 'Replace': {
      const pattern = compilePattern(config['pattern']);
      const content = asPiece(config['content'], '');
      return (text) => text.replace(pattern, () => content);
    }
    case 'ByteLevel':
      return toByteLetters;
    case 'Precompiled':
      return createPrecompiled(asText(config['precompiled_charsmap'], ''));
    case 'BertNormalizer':
      return bert(config);
    default:
      throw unsupported(`the normalizer ${asGiven(type)}`);
  }
}
