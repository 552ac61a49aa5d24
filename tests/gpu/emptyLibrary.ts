/**
 * A WebAssembly module with the exports that TVM's runtime in the browser asks of a compiled model, each of which does
 * nothing: WebLLM gets past loading the library, to what comes after it. With `missing`, it imports a function that no
 * runtime has, as a library does that was compiled for another version.
 */

const i32 = 0x7f;

/** Exports of FFI functions: which parameter takes the handle that they give; null where none does. */
const functions: Readonly<Record<string, number | null>> = {
  TVMFFIFunctionGetGlobal: 1,
  TVMFFIWasmFunctionCreate: 1,
  TVMFFITypeKeyToIndex: 1,
  TVMFFIFunctionSetGlobal: null,
  TVMFFIFunctionCall: null,
  TVMFFIAnyViewToOwnedAny: null,
  TVMFFIObjectIncRef: null,
  TVMFFIObjectDecRef: null,
  TVMFFIGetTypeInfo: null,
  TVMFFIDataTypeToString: null,
  TVMFFIErrorSetRaisedFromCStr: null,
  TVMFFIWasmGetLastError: null,
  TVMWasmFreeSpace: null,
  _initialize: null,
  __wasm_call_ctors: null,
};
const parameters = 6;

function leb(value: number): number[] {
  const bytes: number[] = [];
  do {
    const low = value & 0x7f;
    value >>>= 7;
    bytes.push(value === 0 ? low : low | 0x80);
  } while (value !== 0);
  return bytes;
}

const text = (value: string): number[] => [...leb(value.length), ...new TextEncoder().encode(value)];
const vector = (items: readonly number[][]): number[] => [...leb(items.length), ...items.flat()];
const section = (id: number, body: number[]): number[] => [id, ...leb(body.length), ...body];
const body = (code: readonly number[]): number[] => {
  const whole = [0, ...code, 0x0b];
  return [...leb(whole.length), ...whole];
};

export function emptyLibrary({ missing = false } = {}): Uint8Array<ArrayBuffer> {
  const names = Object.keys(functions);
  const imports = missing ? [[...text('env'), ...text('TVMFunctionOfAnotherVersion'), 0, 0]] : [];
  const first = imports.length;
  const constant = (value: number): number[] => [0x41, ...leb(value)];
  const codes = names.map((name) => {
    const out = functions[name] ?? null;
    // i32.store of global 1 where the parameter points to, so that each handle and type is another; then return 0.
    const next = [0x23, 1, ...constant(1), 0x6a, 0x24, 1];
    const store = out === null ? [] : [0x20, out, 0x23, 1, 0x36, 2, 0, ...next];
    return body([...store, ...constant(0)]);
  });
  // Space grows from global 0 upwards and is never given back.
  const allocate = body([0x23, 0, 0x23, 0, 0x20, 0, 0x6a, 0x24, 0]);
  const exported = [...names, 'TVMWasmAllocSpace'].map((name, i) => [...text(name), 0, ...leb(first + i)]);
  const bytes = [
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([[0x60, ...leb(parameters), ...Array<number>(parameters).fill(i32), 1, i32]])),
    ...(missing ? section(2, vector(imports)) : []),
    ...section(3, vector([...names, 'TVMWasmAllocSpace'].map(() => [0]))),
    ...section(5, vector([[0, ...leb(256)]])),
    ...section(6, vector([131_072, 1024].map((start) => [i32, 1, ...constant(start), 0x0b]))),
    ...section(7, vector([...exported, [...text('memory'), 2, 0]])),
    ...section(10, vector([...codes, allocate])),
  ];
  return new Uint8Array(bytes);
}
