/**
 * A Llama of a Hugging Face folder (safetensors, f16 or f32, tied embedding) as the ONNX file that transformers.js reads: input_ids,
 * attention_mask and position_ids with past keys and values, batch 1. Written anew here, so that a test's model is made of
 * our own weights and needs no download.
 */
import { OnnxGraph } from './onnx';

interface LlamaConfig {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly head_dim: number;
  readonly rms_norm_eps: number;
  readonly rope_theta: number;
  readonly max_position_embeddings: number;
  readonly vocab_size: number;
}

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

type Tensors = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

function readTensors(file: ArrayBuffer): Tensors {
  const length = Number(new DataView(file).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, length))) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const tensors = new Map<string, { shape: number[]; data: Float32Array }>();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const bytes = file.slice(8 + length + data_offsets[0], 8 + length + data_offsets[1]);
    const data = dtype === 'F16' ? Float32Array.from(new Uint16Array(bytes), half) : new Float32Array(bytes);
    tensors.set(name, { shape, data });
  }
  return tensors;
}

/** [rows, columns] to [columns, rows]. */
function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      result[column * rows + row] = data[row * columns + column]!;
  return result;
}

export function onnxLlama(config: LlamaConfig, safetensors: ArrayBuffer): Uint8Array<ArrayBuffer> {
  const tensors = readTensors(safetensors);
  const g = new OnnxGraph();
  const heads = config.num_attention_heads;
  const kv = config.num_key_value_heads;
  const dim = config.head_dim;
  const weight = (name: string): string => {
    const { shape, data } = tensors.get(name)!;
    return g.weight(shape, data);
  };
  /** x [1, T, in] times W [out, in] transposed. */
  const linear = (x: string, name: string): string => {
    const { shape, data } = tensors.get(name)!;
    const [out = 0, inner = 0] = shape;
    return g.op('MatMul', x, g.weight([inner, out], transposed(data, out, inner)));
  };
  const eps = g.scalar(config.rms_norm_eps);
  const norm = (x: string, name: string): string => {
    const square = g.opWith('ReduceMean', { axes: [-1], keepdims: 1 }, g.op('Mul', x, x));
    return g.op('Mul', g.op('Div', x, g.op('Sqrt', g.op('Add', square, eps))), weight(name));
  };

  const ids = g.input('input_ids', 'int64', [1, 'T']);
  const mask = g.input('attention_mask', 'int64', [1, 'S']);
  const positions = g.input('position_ids', 'int64', [1, 'T']);
  const embedding = tensors.get('model.embed_tokens.weight')!;
  const table = g.weight(embedding.shape, embedding.data);
  let x = g.op('Gather', table, ids);

  const angles = (of: (angle: number) => number): string => {
    const data = new Float32Array(config.max_position_embeddings * dim);
    for (let at = 0; at < config.max_position_embeddings; at++)
      for (let i = 0; i < dim; i++)
        data[at * dim + i] = of(at * config.rope_theta ** (-(2 * (i % (dim / 2))) / dim));
    const rows = g.op('Gather', g.weight([config.max_position_embeddings, dim], data), positions);
    return g.op('Unsqueeze', rows, g.ints(1));
  };
  const cos = angles(Math.cos);
  const sin = angles(Math.sin);
  const axis = g.ints(3);
  const rope = (y: string): string => {
    const low = g.op('Slice', y, g.ints(0), g.ints(dim / 2), axis);
    const high = g.op('Slice', y, g.ints(dim / 2), g.ints(dim), axis);
    const turned = g.opWith('Concat', { axis: 3 }, g.op('Neg', high), low);
    return g.op('Add', g.op('Mul', y, cos), g.op('Mul', turned, sin));
  };

  // Key j is seen by the query at position i when j <= i.
  const ones = g.opWith('CumSum', {}, mask, g.ints(1));
  const keys = g.op('Unsqueeze', g.op('Sub', ones, g.ints(1)), g.ints(1, 2, 3));
  const queries = g.op('Unsqueeze', positions, g.ints(1, 2, 4));
  const seen = g.op('LessOrEqual', keys, queries);
  const bias = g.op('Where', seen, g.scalar(0), g.scalar(-1e9));

  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const name = `model.layers.${layer}`;
    const h = norm(x, `${name}.input_layernorm.weight`);
    const split = (y: string, n: number): string =>
      g.opWith('Transpose', { perm: [0, 2, 1, 3] }, g.op('Reshape', y, g.ints(1, -1, n, dim)));
    const past = (what: string): string =>
      g.input(`past_key_values.${layer}.${what}`, 'float', [1, kv, 'P', dim]);
    const q = rope(split(linear(h, `${name}.self_attn.q_proj.weight`), heads));
    const newKey = rope(split(linear(h, `${name}.self_attn.k_proj.weight`), kv));
    const newValue = split(linear(h, `${name}.self_attn.v_proj.weight`), kv);
    const key = g.opWith('Concat', { axis: 2 }, past('key'), newKey);
    const value = g.opWith('Concat', { axis: 2 }, past('value'), newValue);
    g.output(`present.${layer}.key`, key, [1, kv, 'S', dim]);
    g.output(`present.${layer}.value`, value, [1, kv, 'S', dim]);
    // Query heads of one key head side by side: [1, kv, heads / kv, T, dim].
    const grouped = g.op('Reshape', q, g.ints(1, kv, heads / kv, -1, dim));
    const turned = g.opWith('Transpose', { perm: [0, 1, 2, 4, 3] }, g.op('Unsqueeze', key, g.ints(2)));
    const scores = g.op('Mul', g.op('MatMul', grouped, turned), g.scalar(dim ** -0.5));
    const shares = g.opWith('Softmax', { axis: -1 }, g.op('Add', scores, bias));
    const mixed = g.op('MatMul', shares, g.op('Unsqueeze', value, g.ints(2)));
    const back = g.opWith(
      'Transpose',
      { perm: [0, 2, 1, 3] },
      g.op('Reshape', mixed, g.ints(1, heads, -1, dim)),
    );
    const joined = g.op('Reshape', back, g.ints(1, -1, heads * dim));
    x = g.op('Add', x, linear(joined, `${name}.self_attn.o_proj.weight`));
    const m = norm(x, `${name}.post_attention_layernorm.weight`);
    const gate = linear(m, `${name}.mlp.gate_proj.weight`);
    const up = linear(m, `${name}.mlp.up_proj.weight`);
    const inner = g.op('Mul', g.op('Mul', gate, g.op('Sigmoid', gate)), up);
    x = g.op('Add', x, linear(inner, `${name}.mlp.down_proj.weight`));
  }
  const logits = linear(norm(x, 'model.norm.weight'), 'model.embed_tokens.weight');
  g.output('logits', logits, [1, 'T', config.vocab_size]);
  return g.file();
}
