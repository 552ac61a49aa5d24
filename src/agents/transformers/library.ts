/** @huggingface/transformers, loaded when a model of it is named, with onnxruntime-web's files from our own origin. */
import factory from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';

export type Library = typeof import('@huggingface/transformers');

/**
 * `read` answers every request for a model's file (pathname = KEY/PATH). Without this the library would take its WebAssembly from a CDN
 * and its models from the hub.
 */
export async function openLibrary(options: {
  readonly host: string;
  readonly threads: number;
  read(url: URL, init: RequestInit): Promise<Response>;
}): Promise<Library> {
  const library = await import('@huggingface/transformers');
  const { env } = library;
  env.allowLocalModels = false;
  env.allowRemoteModels = true;
  env.remoteHost = options.host;
  env.remotePathTemplate = '{model}/';
  env.useBrowserCache = false;
  env.useWasmCache = false;
  env.logLevel = library.LogLevel.ERROR;
  env.fetch = (input: string | URL, init: RequestInit = {}) =>
    options.read(new URL(input, options.host), init);
  const onnx = env.backends.onnx.wasm;
  if (onnx) {
    onnx.wasmPaths = { mjs: new URL(factory, self.location.href), wasm: new URL(wasm, self.location.href) };
    onnx.numThreads = options.threads;
  }
  return library;
}
