/** Follows the job by its events and by the list of runs: status, the growing view, the step on screen, notices. */
import type { JobApi } from '../../../wire/jobApi';
import type { JobEvent } from '../../../wire/jobEvents';
import type { Models } from '../../models/models.svelte';
import { Pace } from '../eta';
import type { GrowingView } from '../growingView.svelte';
import type { Notices } from '../notices.svelte';
import type { Screen } from '../screen.svelte';
import type { StoredRuns } from '../storedRuns.svelte';
import { CountGate } from './countGate';
import { isGoing, newsOf, type Ending } from './jobStatus';
import { tellOfModel, tellProblem } from './problems';
import type { RunningJob } from './runningJob.svelte';

interface Parts {
  readonly job: RunningJob;
  readonly stored: StoredRuns;
  readonly screen: Screen;
  readonly growing: GrowingView;
  readonly notices: Notices;
  readonly models: Pick<Models, 'measure'>;
  readonly api: () => Promise<JobApi>;
}

export class JobFollower {
  readonly #parts: Parts;
  readonly #pace = new Pace();
  readonly #counts = new CountGate();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  receive(event: JobEvent): void {
    const { job, notices, growing, screen, stored } = this.#parts;
    switch (event.type) {
      case 'device':
        job.device = event;
        return;
      case 'load':
        job.load = event;
        tellOfModel(notices, event);
        return;
      case 'progress':
        this.#progress(this.#pace.fill(event, performance.now() / 1000));
        return;
      case 'questions':
      case 'text':
      case 'turn':
      case 'dataset':
      case 'train':
      case 'probe':
      case 'pad':
      case 'report': {
        if (event.type === 'train') {
          const { strategy, seed, log } = event;
          this.#pace.train(`${strategy}|${seed}`, log.num_tokens, performance.now() / 1000);
        }
        // An agent that answers again has recovered from its last error.
        if (event.type === 'turn' && event.turn.finishReason !== 'error')
          notices.clear(`run/agent-${event.turn.agent}`);
        growing.take(event);
        return;
      }
      case 'runs':
        stored.runs = event.runs;
        this.readRuns();
        return;
      case 'ended':
        // A finished run is read when its last progress or its record comes.
        if (event.status !== 'done') this.#ended(event);
        return;
      case 'error':
        tellProblem({ live: screen.live, notices }, event);
        return;
      default:
        event satisfies never;
    }
  }

  /** What the list of runs says of the job. */
  readRuns(): void {
    const { job, stored, growing } = this.#parts;
    const news = newsOf(job.status, stored.runs);
    if (news?.type === 'begun') {
      job.expect(news.run);
      growing.of(news.run.id);
    } else if (news) {
      const { runId, status, error } = news;
      this.#ended({ runId, status, error });
      if (status === 'done') void this.#complete(runId);
    }
    this.#readPhase();
  }

  #progress(event: Extract<JobEvent, { type: 'progress' }>): void {
    const { job, screen, growing, models } = this.#parts;
    const { type: _, ...status } = event;
    const before = job.status;
    const again = (): void => {
      // Unless it was paused or stopped in the meantime.
      if (job.status?.runId === event.runId && job.status.status === event.status) this.#progress(event);
    };
    if (!this.#counts.pass(before, status, again)) return;
    job.progress(status);
    const view = growing.of(event.runId);
    if (view && (view.run.phase !== event.phase || view.run.status !== event.status)) {
      view.run = { ...view.run, phase: event.phase, status: event.status };
    }
    if (before?.phase !== event.phase) screen.follow(view, event.phase);
    if (event.status !== 'done' || before?.status === 'done') return;
    if (view && event.peakBytes) models.measure(view.run.config, event.peakBytes);
    void this.#complete(event.runId);
  }

  /** The end as the job's own tab reports it: the stored record may not have it. */
  #ended({ runId, status, error }: Ending): void {
    const { job, stored, screen } = this.#parts;
    stored.change(runId, { status, error });
    if (job.status?.runId !== runId || job.status.status === 'done') return;
    job.end(status);
    if (screen.live?.run.id === runId) screen.live.run = { ...screen.live.run, status, error };
  }

  /** A phase that fails at its start has sent no progress: the record has the phase. */
  #readPhase(): void {
    const { job, stored, screen } = this.#parts;
    const { status } = job;
    const run = stored.find(status?.runId);
    if (!status || run?.status !== 'failed' || isGoing(status) || run.phase === status.phase) return;
    const { phase } = run;
    job.status = { ...status, phase, done: 0, total: 0, detail: null };
    if (screen.live?.run.id !== run.id) return;
    screen.live.run = { ...screen.live.run, phase };
    screen.follow(screen.live, phase);
  }

  /** The stored run holds what events leave out: the traces of each dataset, timings, the report. */
  async #complete(runId: string): Promise<void> {
    const { notices, screen, stored, api } = this.#parts;
    // It is done: earlier errors no longer matter.
    notices.clear('run');
    await notices.guard(async () => {
      const { runs } = await api();
      const outcome = await runs.outcome(runId);
      const view = screen.live?.run.id === runId ? screen.live : null;
      view?.end(outcome);
      // Some turn had no event.
      if (view && view.turns < outcome.timings.length) view.load(await runs.archive(runId));
      stored.runs = await runs.list();
    }, 'runs');
  }
}
