/** The page's coordinator: started by the first action, and again after it ended. */
import { ArkletError } from '../../../core/errors';
import type { JobApi, JobClient } from '../../../wire/jobApi';
import type { JobEvent } from '../../../wire/jobEvents';
import { strings } from '../../strings';

export interface LinkParts {
  connect(): Promise<JobClient>;
  onEvent(event: JobEvent): void;
  /** The coordinator's worker ended: whatever it did has ended too. */
  onGone(error: ArkletError): void;
}

export class CoordinatorLink {
  readonly #parts: LinkParts;
  #client: Promise<JobClient> | null = null;

  constructor(parts: LinkParts) {
    this.#parts = parts;
  }

  /** Throws ArkletError when it does not start; the next call tries again. */
  async api(): Promise<JobApi> {
    this.#client ??= this.#parts.connect().then((client) => this.#opened(client));
    try {
      return (await this.#client).api;
    } catch (cause) {
      this.#client = null;
      throw cause instanceof ArkletError
        ? cause
        : new ArkletError(strings.errors.noWorker, strings.errors.noWorkerHint, { cause });
    }
  }

  #opened(client: JobClient): JobClient {
    const close = client.listen((event) => this.#parts.onEvent(event));
    void client.gone?.then((error) => {
      close();
      this.#client = null;
      this.#parts.onGone(error);
    });
    return client;
  }
}
