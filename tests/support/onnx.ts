/** Just enough of ONNX's protobuf to write a graph (onnx/onnx.proto3; field numbers beside the calls). */

const utf8 = new TextEncoder();

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  while (left > 127n) {
    bytes.push(Number(left & 127n) | 128);
    left >>= 7n;
  }
  bytes.push(Number(left));
  return bytes;
}

function concat(parts: readonly (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const int = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)];
const bytes = (field: number, value: Uint8Array): Uint8Array =>
  concat([varint(field * 8 + 2), varint(value.length), value]);
const text = (field: number, value: string): Uint8Array => bytes(field, utf8.encode(value));

/** f32 and int64, the only types used here. */
const types = { float: 1, int64: 7 } as const;

export class OnnxGraph {
  readonly #nodes: Uint8Array[] = [];
  readonly #initializers: Uint8Array[] = [];
  readonly #inputs: Uint8Array[] = [];
  readonly #outputs: Uint8Array[] = [];
  #names = 0;

  #tensor(dims: readonly number[], type: keyof typeof types, data: Float32Array | BigInt64Array): string {
    const name = `c${this.#names++}`;
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#initializers.push(
      concat([...dims.map((dim) => int(1, dim)), int(2, types[type]), text(8, name), bytes(9, raw)]),
    );
    return name;
  }

  weight(dims: readonly number[], data: Float32Array): string {
    return this.#tensor(dims, 'float', data);
  }

  scalar(value: number): string {
    return this.#tensor([], 'float', new Float32Array([value]));
  }

  ints(...values: number[]): string {
    return this.#tensor([values.length], 'int64', BigInt64Array.from(values, BigInt));
  }

  #value(name: string, type: keyof typeof types, dims: readonly (number | string)[]): Uint8Array {
    const shape = concat(
      dims.map((dim) => bytes(1, typeof dim === 'number' ? Uint8Array.from(int(1, dim)) : text(2, dim))),
    );
    const tensor = concat([int(1, types[type]), bytes(2, shape)]);
    return concat([text(1, name), bytes(2, bytes(1, tensor))]);
  }

  input(name: string, type: keyof typeof types, dims: readonly (number | string)[]): string {
    this.#inputs.push(this.#value(name, type, dims));
    return name;
  }

  /** `from` becomes an output under its own name. */
  output(name: string, from: string, dims: readonly (number | string)[]): void {
    this.#outputs.push(this.#value(name, 'float', dims));
    this.#node('Identity', [from], [name], {});
  }

  #node(
    op: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, number | readonly number[]>>,
  ): void {
    const list = Object.entries(attributes).map(([name, value]) =>
      bytes(
        5,
        typeof value === 'number'
          ? concat([text(1, name), int(3, value), int(20, 2)])
          : concat([text(1, name), ...value.map((one) => int(8, one)), int(20, 7)]),
      ),
    );
    this.#nodes.push(
      concat([
        ...inputs.map((name) => text(1, name)),
        ...outputs.map((name) => text(2, name)),
        text(4, op),
        ...list,
      ]),
    );
  }

  op(name: string, ...inputs: string[]): string {
    return this.opWith(name, {}, ...inputs);
  }

  opWith(
    name: string,
    attributes: Readonly<Record<string, number | readonly number[]>>,
    ...inputs: string[]
  ): string {
    const output = `v${this.#names++}`;
    this.#node(name, inputs, [output], attributes);
    return output;
  }

  /** The model file (IR 8, opset 17). */
  file(): Uint8Array<ArrayBuffer> {
    const graph = concat([
      ...this.#nodes.map((node) => bytes(1, node)),
      text(2, 'model'),
      ...this.#initializers.map((one) => bytes(5, one)),
      ...this.#inputs.map((one) => bytes(11, one)),
      ...this.#outputs.map((one) => bytes(12, one)),
    ]);
    return concat([int(1, 8), bytes(7, graph), bytes(8, concat([text(1, ''), int(2, 17)]))]);
  }
}
