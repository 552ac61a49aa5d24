/** How far a download or check is. */
export interface ModelProgress {
  readonly phase: 'look up' | 'download' | 'verify' | 'ready';
  readonly file: string;
  readonly done: number;
  readonly total: number;
  /** Mean of the last seconds; null before the first. */
  readonly bytesPerSecond: number | null;
  readonly secondsLeft: number | null;
}

/** What "ready for offline" found about a file. */
export interface FileCheck {
  readonly path: string;
  readonly bytes: number;
  readonly ok: boolean;
  /** checked: against the source's own hash; kept: it is as it came (the source names no hash). */
  readonly against: 'checked' | 'kept';
  readonly problem: string | null;
}

export interface StorageMeter {
  readonly usage: number;
  readonly quota: number;
  /** Bytes of each model, by what runs name it by. */
  readonly models: Readonly<Record<string, number>>;
}

export interface PickedFile {
  readonly path: string;
  readonly blob: Blob;
}
