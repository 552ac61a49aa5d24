/** Decoders of tokenizer.json as Hugging Face's tokenizers does them: tokens into text. */
import { asJson, asList, asPiece, byteLetters, type Json } from './preTokenizers';
import { asGiven, compilePattern, unsupported } from './regex';

type Decoder = (tokens: readonly string[]) => string[];

const bytes = new Map(byteLetters.map((letter, byte) => [letter, byte]));
const encoder = new TextEncoder();
const lossy = new TextDecoder('utf-8', { ignoreBOM: true });
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

const byteLevel: Decoder = (tokens) => {
  const all: number[] = [];
  for (const token of tokens) {
    const own = Array.from(token, (letter) => bytes.get(letter));
    // A token that is not written in the byte alphabet stands for itself.
    for (const byte of own.includes(undefined) ? encoder.encode(token) : (own as number[])) all.push(byte);
  }
  return [lossy.decode(Uint8Array.from(all))];
};

/** The byte that a token such as <0x0A> stands for, or null. */
export function fallbackByte(token: string): number | null {
  return /^<0x[0-9A-Fa-f]{2}>$/.test(token) ? parseInt(token.slice(3, 5), 16) : null;
}

const byteFallback: Decoder = (tokens) => {
  const out: string[] = [];
  let run: number[] = [];
  const flush = () => {
    if (run.length === 0) return;
    try {
      out.push(strict.decode(Uint8Array.from(run)));
    } catch {
      out.push(...run.map(() => '\uFFFD'));
    }
    run = [];
  };
  for (const token of tokens) {
    const byte = fallbackByte(token);
    if (byte !== null) run.push(byte);
    else {
      flush();
      out.push(token);
    }
  }
  flush();
  return out;
};

/** What WordPiece decoders do to each token. */
const wordPieceClean = (text: string): string => cleanUp(text, [[' do not', " don't"]]);

/** transformers' clean_up_tokenization: blanks before marks and English contractions taken out. */
export function cleanUp(text: string, extra: readonly (readonly [string, string])[] = []): string {
  const steps = [
    [' .', '.'],
    [' ?', '?'],
    [' !', '!'],
    [' ,', ','],
    [" ' ", "'"],
    [" n't", "n't"],
    [" 'm", "'m"],
    ...extra,
    [" 's", "'s"],
    [" 've", "'ve"],
    [" 're", "'re"],
  ] as const;
  return steps.reduce((now, [from, to]) => now.replaceAll(from, to), text);
}

function wordPiece(config: Json): Decoder {
  const prefix = typeof config['prefix'] === 'string' ? config['prefix'] : '##';
  const clean = (config['cleanup'] ?? true) === true;
  return (tokens) =>
    tokens.map((token, i) => {
      const text = i === 0 ? token : token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`;
      return clean ? wordPieceClean(text) : text;
    });
}

function metaspace(config: Json): Decoder {
  const letter = typeof config['replacement'] === 'string' ? config['replacement'] : '▁';
  const legacy = config['add_prefix_space'] === false ? 'never' : 'always';
  const keep = (config['prepend_scheme'] ?? legacy) === 'never';
  return (tokens) => tokens.map((token, i) => token.replaceAll(letter, i === 0 && !keep ? '' : ' '));
}

function strip(config: Json): Decoder {
  const content = asPiece(config['content'], ' ');
  const [start, stop] = [Number(config['start'] ?? 0), Number(config['stop'] ?? 0)];
  return (tokens) =>
    tokens.map((token) => {
      const letters = Array.from(token);
      let [from, to] = [0, letters.length];
      while (from < start && letters[from] === content) from++;
      while (letters.length - to < stop && to > from && letters[to - 1] === content) to--;
      return letters.slice(from, to).join('');
    });
}

/** The decoder that a tokenizer.json describes. Throws ModelError for one that is not done here. */
export function createDecoder(value: unknown): Decoder {
  if (value === null || value === undefined) return (tokens) => [tokens.join(' ')];
  const config = asJson(value);
  switch (config['type']) {
    case 'Sequence': {
      const steps = asList(config['decoders']).map(createDecoder);
      return (tokens) => steps.reduce<string[]>((now, step) => step(now), [...tokens]);
    }
    case 'ByteLevel':
      return byteLevel;
    case 'ByteFallback':
      return byteFallback;
    case 'Metaspace':
      return metaspace(config);
    case 'WordPiece':
      return wordPiece(config);
    case 'Fuse':
      return (tokens) => [tokens.join('')];
    case 'Strip':
      return strip(config);
    case 'Replace': {
      const pattern = compilePattern(config['pattern']);
      const content = asPiece(config['content'], '');
      return (tokens) => tokens.map((token) => token.replace(pattern, () => content));
    }
    case 'BPEDecoder': {
      const suffix = typeof config['suffix'] === 'string' ? config['suffix'] : '</w>';
      return (tokens) =>
        tokens.map((token, i) => token.replaceAll(suffix, i === tokens.length - 1 ? '' : ' '));
    }
    default:
      throw unsupported(`the decoder ${asGiven(config['type'])}`);
  }
}
