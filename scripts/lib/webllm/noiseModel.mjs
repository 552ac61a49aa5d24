/**
 * A model folder for a compiled MLC library, with seeded noise for weights: enough to run the real WebLLM where no weights
 * can be had. What the library needs (names, shapes and dtypes of its parameters) stands as JSON in its data section.
 */
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { badArgument } from '../commandError.mjs';
import { parseJson, readJson } from '../json.mjs';

/**
 * @typedef {{name: string, shape: number[], dtype: string}} Parameter
 *
 * @typedef {object} LibraryMetadata what is read of a compiled library
 * @property {string} model_type
 * @property {string} quantization
 * @property {Parameter[]} params
 * @property {number} [context_window_size]
 * @property {number} [sliding_window_size]
 * @property {number} [attention_sink_size]
 * @property {number} [prefill_chunk_size]
 *
 * @typedef {{size: number, stops: number[], chat: boolean}} TokenizerFacts
 * @typedef {{name: string, shape: number[], dtype: string, format: string, nbytes: number, byteOffset: number}} ShardRecord
 */

const bytesOf = { uint32: 4, float32: 4, float16: 2 };
/** Of nibbles uniform in 0..14 less the 7 that dequantisation takes off. */
const nibbleDeviation = Math.sqrt((15 * 15 - 1) / 12);
/** Standard deviation of the logits, so that one token stands out from the rows beyond the vocabulary, whose logit is 0. */
const logitDeviation = 4;

/**
 * The JSON object that starts at `start`; null when it does not end.
 * @param {string} text
 * @param {number} start
 * @returns {LibraryMetadata | null}
 */
function jsonAt(text, start) {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return parseJson(text.slice(start, i + 1));
  }
  return null;
}

/** @param {string} file a compiled library */
export function libraryMetadata(file) {
  const bytes = readFileSync(file);
  if (bytes.readUInt32LE(0) !== 0x6d736100) {
    throw badArgument(`${file} is not a WebAssembly file.`, 'Give a compiled MLC library (.wasm).');
  }
  const text = bytes.toString('latin1');
  const start = text.indexOf('{"model_type"');
  const metadata = start < 0 ? null : jsonAt(text, start);
  if (!metadata || !Array.isArray(metadata.params)) {
    throw badArgument(
      `${file} names no parameters, so it is no compiled MLC library.`,
      'Give a library of web-llm.',
    );
  }
  return metadata;
}

/**
 * xorshift32: fast enough for hundreds of megabytes.
 * @param {number} seed
 */
function generator(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** @param {string} text @param {number} seed */
function seedOf(text, seed) {
  let hash = 2166136261 ^ seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
  return hash >>> 0;
}

/** Pairs of nibbles in 0..14, so that the mean of every byte is (7, 7): noise of another mean gives one token for ever. */
const pairs = new Uint8Array(256).fill(0x77);
for (let i = 0; i < 225; i++) pairs[i] = (Math.floor(i / 15) << 4) | (i % 15);
/** @param {number} random */
const pairAt = (random) => pairs[random & 255] ?? 0;

/** @param {number} count @param {() => number} next */
function packedNoise(count, next) {
  const words = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const r = next();
    words[i] =
      (pairAt(r) | (pairAt(r >>> 8) << 8) | (pairAt(r >>> 16) << 16) | (pairAt(r >>> 24) << 24)) >>> 0;
  }
  return Buffer.from(words.buffer);
}

/** @param {Float32Array} values @param {string} dtype */
function floatBytes(values, dtype) {
  if (dtype === 'float32') return Buffer.from(Float32Array.from(values).buffer);
  const half = new Uint16Array(values.length);
  new Uint32Array(values.buffer).forEach((bits, i) => {
    const exponent = ((bits >>> 23) & 255) - 112;
    const rest = exponent <= 0 ? 0 : (exponent << 10) | ((bits >>> 13) & 1023);
    half[i] = ((bits >>> 16) & 0x8000) | rest;
  });
  return Buffer.from(half.buffer);
}

/**
 * Bytes of one parameter. Rows of an embedding or a head beyond `vocabulary` are 0.
 * @param {Parameter} parameter
 * @param {{seed: number, vocabulary: number}} options
 */
function parameterBytes({ name, shape, dtype }, { seed, vocabulary }) {
  if (!(dtype in bytesOf)) {
    throw badArgument(
      `Parameter ${name} has dtype ${dtype}.`,
      'Give a library of quantization q0f32, q0f16, q4f32_1 or q4f16_1.',
    );
  }
  const next = generator(seedOf(name, seed));
  const size = shape.reduce((product, length) => product * length, 1);
  if (dtype === 'uint32') return packedNoise(size, next);
  const width = size / (shape[0] ?? 1);
  const spoken = /embed_tokens|lm_head|wte/.test(name);
  const isScale = name.endsWith('q_scale');
  const inputs = isScale ? 32 * width : width;
  const deviation = (spoken ? logitDeviation : 1) / Math.sqrt(inputs);
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const uniform = next() / 4294967296 - 0.5;
    if (shape.length === 1) values[i] = /norm/.test(name) ? 1 : 0.02 * uniform;
    else if (spoken && Math.floor(i / width) >= vocabulary) values[i] = 0;
    else values[i] = isScale ? deviation / nibbleDeviation : deviation * Math.sqrt(12) * uniform;
  }
  return floatBytes(values, dtype);
}

/** @param {string} file @returns {TokenizerFacts} */
function tokenizerFacts(file) {
  /** @type {{model?: {vocab?: object}, added_tokens?: {id: number, content: string}[]}} */
  const json = readJson(file);
  const vocabulary = json.model?.vocab;
  const size = Array.isArray(vocabulary) ? vocabulary.length : Object.keys(vocabulary ?? {}).length;
  if (size === 0) throw badArgument(`${file} holds no vocabulary.`, 'Give a tokenizer.json.');
  const added = json.added_tokens ?? [];
  const stops = added.filter(({ content }) => /^<\|(im_end|endoftext|eot_id|end)\|>$|^<\/s>$/.test(content));
  return {
    size: Math.max(size, ...added.map(({ id }) => id + 1)),
    stops: stops.map(({ id }) => id),
    chat: added.some(({ content }) => content === '<|im_start|>'),
  };
}

/** @param {LibraryMetadata} metadata @param {TokenizerFacts} facts */
function chatConfig(metadata, { stops, chat }) {
  /** @param {string} name */
  const role = (name) => (chat ? `<|im_start|>${name}` : name);
  const end = chat ? '<|im_end|>\n' : '\n';
  return {
    model_type: metadata.model_type,
    quantization: metadata.quantization,
    vocab_size: metadata.params.find(({ name }) => /embed_tokens|wte/.test(name))?.shape[0] ?? 0,
    context_window_size: metadata.context_window_size,
    sliding_window_size: metadata.sliding_window_size,
    attention_sink_size: metadata.attention_sink_size,
    prefill_chunk_size: metadata.prefill_chunk_size,
    temperature: 1,
    top_p: 1,
    repetition_penalty: 1,
    frequency_penalty: 0,
    presence_penalty: 0,
    tokenizer_files: ['tokenizer.json'],
    tokenizer_info: { token_postproc_method: 'byte_level', prepend_space_in_encode: false },
    conv_template: {
      name: 'noise',
      system_template: '',
      system_message: '',
      roles: { user: role('user'), assistant: role('assistant'), tool: role('tool') },
      role_templates: { user: '{user_message}', assistant: '{assistant_message}', tool: '{tool_message}' },
      seps: [end],
      role_content_sep: '\n',
      role_empty_sep: '\n',
      stop_str: [],
      stop_token_ids: stops,
    },
  };
}

/**
 * Writes mlc-chat-config.json, tokenizer.json, the weight index under both of its names (ndarray-cache.json until web-llm
 * 0.2.79, tensor-cache.json later) and its shards of at most `shardBytes`. Returns the metadata and the bytes of the weights.
 * @param {{library: string, tokenizer: string, folder: string, seed?: number, shardBytes?: number}} options
 */
export async function makeNoiseModel({ library, tokenizer, folder, seed = 1, shardBytes = 32 << 20 }) {
  const metadata = libraryMetadata(library);
  const facts = tokenizerFacts(tokenizer);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'tokenizer.json'), readFileSync(tokenizer));
  writeFileSync(join(folder, 'mlc-chat-config.json'), JSON.stringify(chatConfig(metadata, facts), null, 1));
  /** @type {{dataPath: string, format: string, nbytes: number, records: ShardRecord[]}[]} */
  const shards = [];
  /** @type {import('node:fs').WriteStream | null} */
  let stream = null;
  const close = async () => {
    stream?.end();
    if (stream !== null) await finished(stream);
  };
  let total = 0;
  for (const parameter of metadata.params) {
    const bytes = parameterBytes(parameter, { seed, vocabulary: facts.size });
    let shard = shards.at(-1);
    if (stream === null || shard === undefined || shard.nbytes + bytes.length > shardBytes) {
      await close();
      const dataPath = `params_shard_${shards.length}.bin`;
      stream = createWriteStream(join(folder, dataPath));
      shard = { dataPath, format: 'raw-shard', nbytes: 0, records: [] };
      shards.push(shard);
    }
    const { name, shape, dtype } = parameter;
    shard.records.push({ name, shape, dtype, format: 'raw', nbytes: bytes.length, byteOffset: shard.nbytes });
    shard.nbytes += bytes.length;
    total += bytes.length;
    if (!stream.write(bytes)) await once(stream, 'drain');
  }
  await close();
  const index = JSON.stringify({
    metadata: { ParamSize: metadata.params.length, ParamBytes: total },
    records: shards,
  });
  for (const name of ['ndarray-cache.json', 'tensor-cache.json']) writeFileSync(join(folder, name), index);
  return { metadata, bytes: total, vocabulary: facts.size };
}
