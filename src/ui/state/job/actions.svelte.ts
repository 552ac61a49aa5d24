/** What a user asks of the coordinator: a failure becomes a notice, and the page knows that an action is under way. */
import type { JobApi } from '../../../wire/jobApi';
import type { Notices } from '../notices.svelte';

export class Actions {
  /** An action is waiting for the coordinator. */
  busy = $state(false);
  readonly api: () => Promise<JobApi>;
  readonly #notices: Notices;

  constructor(notices: Notices, api: () => Promise<JobApi>) {
    this.#notices = notices;
    this.api = api;
  }

  async run(action: (api: JobApi) => Promise<void>): Promise<void> {
    this.busy = true;
    try {
      await this.#notices.guard(async () => action(await this.api()), 'run/action');
    } finally {
      this.busy = false;
    }
  }
}
