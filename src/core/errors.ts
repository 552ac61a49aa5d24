/**
 * Errors that a user can act on. Each kind has a stable `code`; callers match on the code, never on text.
 * An error crosses workers as plain data (`toData`) and is rebuilt as the same class (`fromData`).
 */

/** What crosses a worker boundary or is printed as `{error: {code, message, hint}}` by the commands. */
export interface ErrorData {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

interface ErrorOptions {
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Characters of a message, and of a hint, at most: a name in a file may be as long as the file. */
const longest = { message: 1000, hint: 4000 } as const;

/** The beginning of a text, which ends between two letters. */
function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 2).replace(/[\ud800-\udbff]$/, '')} …`;
}

/** Base class: `message` says what happened, with numbers; `hint` says what to do about it. */
export class ArkletError extends Error {
  readonly code: string = 'internal';
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(message: string, hint: string, options: ErrorOptions = {}) {
    super(
      shortened(message, longest.message),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = new.target.name;
    this.hint = shortened(hint, longest.hint);
    this.details = options.details;
  }

  toData(): ErrorData {
    return {
      code: this.code,
      message: this.message,
      hint: this.hint,
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }
}

/** The browser or the machine offers no WebGPU adapter, or it lacks a feature that was asked for. */
export class GpuUnavailableError extends ArkletError {
  override readonly code = 'gpu-unavailable';
}
/** The GPU device was lost (driver reset, sleep, watchdog). */
export class DeviceLostError extends ArkletError {
  override readonly code = 'device-lost';
}
/** An allocation failed: GPU, WASM or disk. `details` carries the bytes asked for and held. */
export class OutOfMemoryError extends ArkletError {
  override readonly code = 'out-of-memory';
}
/** Storage is full or was refused. */
export class StorageError extends ArkletError {
  override readonly code = 'storage';
}
/** A file is not what it says it is: truncated, hostile or of another format. */
export class FileFormatError extends ArkletError {
  override readonly code = 'file-format';
}
/** The weights and the config do not fit together, or the family is unknown. */
export class ModelError extends ArkletError {
  override readonly code = 'model';
}
/** An argument or setting is absurd; `message` names it, its value and its range. */
export class ConfigError extends ArkletError {
  override readonly code = 'config';
}
/** A token id outside the vocabulary, or a prompt longer than the context. */
export class TokenError extends ArkletError {
  override readonly code = 'token';
}
/** Training diverged (non-finite loss or gradient); the last good checkpoint is kept. */
export class TrainingError extends ArkletError {
  override readonly code = 'training';
}
/** An imported question set, trajectory file or database record is not valid. */
export class ImportError extends ArkletError {
  override readonly code = 'import';
}
/** An agent's backend failed: network, HTTP status, library. */
export class AgentError extends ArkletError {
  override readonly code = 'agent';
}
/** A download failed or its hash does not match. */
export class DownloadError extends ArkletError {
  override readonly code = 'download';
}
/** The hub refuses a model: it is gated or private, or the token is not known there. */
export class AccessError extends ArkletError {
  override readonly code = 'access';
}
/** Another tab or worker holds the lock of the job. */
export class BusyError extends ArkletError {
  override readonly code = 'busy';
}
/** There is no trace to train a student on; `details` says of how many questions and why. */
export class NothingToLearnError extends ArkletError {
  override readonly code = 'nothing-to-learn';
}
/** A run has nothing that a file of some format could hold. */
export class ExportError extends ArkletError {
  override readonly code = 'export';
}
/** A worker of the page ended: out of memory, ended by the browser, or by an error of its own. */
export class WorkerError extends ArkletError {
  override readonly code = 'worker';
}
/** The user stopped it. Not a failure: what was made so far is kept. */
export class InterruptedError extends ArkletError {
  override readonly code = 'interrupted';
}

const classes = [
  GpuUnavailableError,
  DeviceLostError,
  OutOfMemoryError,
  StorageError,
  FileFormatError,
  ModelError,
  ConfigError,
  TokenError,
  TrainingError,
  ImportError,
  AgentError,
  DownloadError,
  AccessError,
  BusyError,
  NothingToLearnError,
  ExportError,
  WorkerError,
  InterruptedError,
] as const;

const byCode = new Map(classes.map((type) => [new type('', '').code as string, type]));

/** Any thrown value as an ArkletError; unknown ones keep their message under code `internal`, with `details.unexpected`. */
export function asArkletError(thrown: unknown): ArkletError {
  if (thrown instanceof ArkletError) return thrown;
  if (thrown instanceof DOMException && thrown.name === 'AbortError') {
    return new InterruptedError('Stopped.', 'Run it again to continue where it stopped.', { cause: thrown });
  }
  if (thrown instanceof DOMException && thrown.name === 'QuotaExceededError') {
    return new StorageError(
      'The browser refused to store more data.',
      'Delete old runs or free disk space.',
      {
        cause: thrown,
      },
    );
  }
  if (thrown instanceof DOMException && thrown.name === 'NotAllowedError') {
    return new ArkletError(
      'The browser did not allow this.',
      'Allow it in the settings of this site, then try again.',
      { cause: thrown },
    );
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new ArkletError(message, 'This is a bug in Arklet: please report it with the steps that led here.', {
    cause: thrown,
    details: { unexpected: true },
  });
}

/** Rebuilds the class that `toData` flattened. */
export function errorFromData(data: ErrorData): ArkletError {
  const type = byCode.get(data.code) ?? ArkletError;
  return new type(data.message, data.hint, data.details === undefined ? {} : { details: data.details });
}

/** Throws InterruptedError when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new InterruptedError('Stopped.', 'Run it again to continue where it stopped.');
}
