/**
 * WebLLM's failures as ours. Between its own worker and page they are strings "Name: message" without a class or a code,
 * inside the worker they are errors whose name says the same; both forms are read here, and nowhere else.
 */
import {
  AgentError,
  ArkletError,
  ConfigError,
  DownloadError,
  GpuUnavailableError,
  InterruptedError,
  ModelError,
  OutOfMemoryError,
  StorageError,
  TokenError,
} from '../../core/errors';

/** Name and message of whatever was thrown. */
export function nameAndMessage(thrown: unknown): { readonly name: string; readonly message: string } {
  if (thrown instanceof Error || thrown instanceof DOMException) {
    return { name: thrown.name, message: thrown.message };
  }
  const text = String(thrown);
  const match = /^(?:Uncaught )?([A-Z][A-Za-z0-9]*)(?:: |:\n)([\s\S]*)$/.exec(text);
  return match?.[1] === undefined || match[2] === undefined
    ? { name: '', message: text }
    : { name: match[1], message: match[2] };
}

const notLoaded = new Set([
  'ModelNotLoadedError',
  'WorkerEngineModelNotLoadedError',
  'EngineNotLoadedError',
  'ConfigurationNotInitializedError',
  'SpecifiedModelNotFoundError',
  'IncorrectPipelineLoadedError',
]);
const badParameter = new Set([
  'ConfigValueError',
  'MinValueError',
  'RangeError',
  'NonNegativeError',
  'InvalidNumberStringError',
  'DependencyError',
  'SeedTypeError',
  'UnsupportedFieldsError',
  'StreamingCountError',
  'InvalidStreamOptionsError',
  'InvalidResponseFormatError',
  'InvalidResponseFormatGrammarError',
  'InvalidResponseFormatStructuralTagError',
  'WindowSizeConfigurationError',
  'WindowSizeSpecificationError',
  'AttentionSinkSizeError',
  'MessageOrderError',
  'SystemMessageOrderError',
  'UnsupportedRoleError',
  'ContentTypeError',
  'UserMessageContentErrorForNonVLM',
  'UnclearModelToUseError',
  'ReloadArgumentSizeUnmatchedError',
  'ReloadModelIdNotUniqueError',
]);
const tooLong = new Set(['ContextWindowSizeExceededError', 'EmbeddingExceedContextWindowSizeError']);
const noFeature = new Set(['ShaderF16SupportError', 'FeatureSupportError']);
const noGpu = new Set(['WebGPUNotAvailableError', 'WebGPUNotFoundError']);

/** A library that was compiled for another runtime: it misses imports, or the runtime misses functions in it. */
function otherVersion(name: string, message: string): boolean {
  return (
    name === 'LinkError' ||
    /Import #\d+|function import requires a callable|Cannot find global function|Cannot find .* in exports|Cannot find function/i.test(
      message,
    )
  );
}

/** What was being done, for the message. */
export interface Circumstance {
  readonly model: string;
  readonly version: string;
  readonly doing: 'load' | 'generate';
}

/** One sentence, without the advice that WebLLM's messages carry and with a full stop. */
function brief(message: string): string {
  const line = message.split('\n')[0]?.trim() ?? '';
  return (line.length > 300 ? `${line.slice(0, 300)}...` : line).replace(/\.?$/, '.');
}

/** Any failure of WebLLM as an ArkletError with a code and a hint; ArkletErrors pass through. */
export function translate(thrown: unknown, { model, version, doing }: Circumstance): ArkletError {
  if (thrown instanceof ArkletError) return thrown;
  const { name, message } = nameAndMessage(thrown);
  const said = brief(message);
  const options = { cause: thrown, details: { model, name, webllm: version } };
  if (name === 'AbortError') return new InterruptedError('Stopped.', 'Load the model again.', options);
  if (name === 'ModelNotFoundError') {
    return new ConfigError(
      `WebLLM ${version} knows no model ${model}.`,
      'Choose one of its list, or give model=URL and lib=URL of your own.',
      options,
    );
  }
  if (name === 'MissingModelError') {
    return new ConfigError(`${model} names no compiled library.`, 'Give its address as lib=URL.', options);
  }
  if (tooLong.has(name)) {
    return new TokenError(
      `${model}: ${said}`,
      'Use fewer rounds, agents or shots, shorter replies, or a larger context (context=TOKENS).',
      options,
    );
  }
  if (
    noFeature.has(name) ||
    noGpu.has(name) ||
    /compatible GPU|maxBufferSize|maxStorageBuffer/.test(message)
  ) {
    return new GpuUnavailableError(
      `${model}: ${said}`,
      noFeature.has(name)
        ? 'Use the same model with f32 in its name, or another browser or GPU.'
        : 'Turn WebGPU on in this browser, or use bundled models on the CPU.',
      options,
    );
  }
  if (name === 'CompileError' && /magic word|expected|bytes/.test(message)) {
    return new DownloadError(
      `The library of ${model} is not there: its address answered with something that is no WebAssembly.`,
      'Check the address of the library (lib=URL), or the connection.',
      options,
    );
  }
  if (otherVersion(name, message)) {
    return new ModelError(
      `${model} needs another WebLLM version: its library was not compiled for ${version} (${said})`,
      'Use a library compiled for this version, or another model.',
      options,
    );
  }
  if (/quota/i.test(name) || /quota/i.test(message)) {
    return new StorageError(
      `The browser has no room for ${model}.`,
      'Delete models or runs that are not needed, or free disk space.',
      options,
    );
  }
  if (name === 'IntegrityError' || name === 'ArtifactManifestError') {
    return new DownloadError(
      `${model} arrived damaged: ${said}`,
      'Delete it and download it again.',
      options,
    );
  }
  if (
    name === 'NetworkError' ||
    /Failed to execute '(add|addAll|put)' on 'Cache'|Failed to fetch|NetworkError|Cannot fetch|Load failed/.test(
      message,
    ) ||
    (name === 'SyntaxError' && doing === 'load')
  ) {
    return new DownloadError(
      `A file of ${model} could not be fetched: ${said}`,
      'Check the address of the weights (a missing file gives this too) and the connection, then try again.',
      options,
    );
  }
  if (name === 'DeviceLostError' || /out of memory|allocation failed|OOM/i.test(message)) {
    return doing === 'load'
      ? new OutOfMemoryError(
          `${model} does not fit into the memory of this GPU.`,
          'Use a smaller model, or a smaller context (context=TOKENS).',
          options,
        )
      : new AgentError(`${model} lost its GPU: ${said}`, 'It is loaded again for the next turn.', options);
  }
  if (name === 'UnsupportedTokenizerFilesError') {
    return new ModelError(`${model}: ${said}`, 'Its folder needs tokenizer.json.', options);
  }
  if (notLoaded.has(name) || /Module has already been disposed/.test(message)) {
    return new AgentError(`${model} is not loaded.`, 'Load it before it is asked.', {
      ...options,
      details: { ...options.details, notLoaded: true },
    });
  }
  if (badParameter.has(name)) {
    return new ConfigError(
      `${model} refuses a setting: ${said}`,
      'Change the setting that it names.',
      options,
    );
  }
  return new AgentError(
    `${model}: ${name === '' || name === 'Error' ? '' : `${name}: `}${said}`,
    doing === 'load' ? 'Try again, or use another model.' : 'Try again; if it stays, use another model.',
    options,
  );
}
