/** What the library throws, as the errors of this app. */
import {
  AgentError,
  ArkletError,
  DownloadError,
  InterruptedError,
  ModelError,
  OutOfMemoryError,
} from '../../core/errors';

/** `doing` = load or generate. An ArkletError stays what it is. */
export function translate(thrown: unknown, model: string, doing: 'load' | 'generate'): ArkletError {
  if (thrown instanceof ArkletError) return thrown;
  const cause = thrown;
  const name = thrown instanceof Error ? thrown.name : '';
  const text = (thrown instanceof Error ? thrown.message : String(thrown)).slice(0, 300);
  if (name === 'AbortError') {
    return new InterruptedError('Stopped.', 'Run it again to continue where it stopped.', { cause });
  }
  if (/bad_alloc|out of memory|OOM|Array buffer allocation|failed to allocate|Out of bounds/i.test(text)) {
    return new OutOfMemoryError(
      `${model} does not fit into memory: ${text}`,
      'Use a smaller model or form of its weights (such as @q4), or fewer agents.',
      { cause },
    );
  }
  if (/no available backend/i.test(text)) {
    return new AgentError(
      `onnxruntime-web did not start: ${text}`,
      'Reload the page; its host must serve .mjs files as JavaScript and .wasm files as WebAssembly.',
      { cause, details: { permanent: true } },
    );
  }
  if (/Unsupported model type|not supported|Unknown model class|Invalid dtype/i.test(text)) {
    return new ModelError(`${model} cannot be run by transformers.js: ${text}`, 'Use another model.', {
      cause,
    });
  }
  if (
    doing === 'load' &&
    /Could not locate|Unauthorized|Forbidden|\b40[134]\b|Failed to fetch|NetworkError/i.test(text)
  ) {
    return new DownloadError(
      `A file of ${model} could not be read: ${text.replaceAll('https://models.invalid/', '')}`,
      'Check the name and the connection; the folder needs config.json, tokenizer.json and onnx/model.onnx.',
      { cause },
    );
  }
  if (doing === 'load') {
    return new ModelError(
      `${model} could not be loaded: ${text}`,
      'Use another model or form of its weights.',
      {
        cause,
      },
    );
  }
  return new AgentError(`${model} failed: ${text}`, 'Try again, or use another agent.', { cause });
}
