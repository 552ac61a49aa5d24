/**
 * Whether the app's own storage keeps a model of this name: it is downloaded with pause and checked by hash. Others are read
 * where they are (an address given to transformers.js) or kept by WebLLM (an address or a cache of the user's own choice).
 */
export function isKept(spec: string): boolean {
  return /^(hf:|https?:|local:|(webllm|transformers):local:|webllm:(?!.*[?&](model=|lib=|cache=(?!cache\b)))|transformers:(?!files\/|\.)[\w.-]+\/[\w.-]+(@[\w-]+)?$)/.test(
    spec,
  );
}

/** Whether another library reads the model by its own code. */
export function isFetchedByLibrary(spec: string): boolean {
  return /^(webllm|transformers):/.test(spec) && !isKept(spec);
}
