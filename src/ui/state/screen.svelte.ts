/** What is on screen: the run, the step, the question. */
import type { RunArchive, RunRecord } from '../../records/runRecords';
import type { Actions } from './job/actions.svelte';
import type { GrowingView } from './growingView.svelte';
import { stepOf } from './growth';
import type { Notices } from './notices.svelte';
import { RunView } from './runView.svelte';
import type { Step, TurnPlace } from './sessionParts';

interface Parts {
  readonly notices: Notices;
  readonly actions: Actions;
  readonly growing: GrowingView;
  /** The run that ships with the page. */
  readonly recorded: () => Promise<RunArchive | null>;
}

export class Screen {
  view = $state.raw<RunView | null>(null);
  recorded = $state.raw<RunView | null>(null);
  /** The recorded run was looked for. */
  looked = $state(false);
  step = $state<Step>('debate');
  selected = $state<string | null>(null);
  /** Turns of the selected question that a trace was made of. */
  marked = $state.raw<readonly TurnPlace[]>([]);
  /** The step changes with the job's phase, until somebody chooses one. */
  followsJob = true;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The view of the run in progress, or of the last one. */
  get live(): RunView | null {
    return this.#parts.growing.view;
  }

  set live(view: RunView | null) {
    this.#parts.growing.view = view;
  }

  /** Shows the recorded run; resolves when it is on screen or known to be missing. */
  async showRecorded(): Promise<void> {
    const { notices, recorded } = this.#parts;
    if (this.recorded === null) {
      const archive = await notices.guard(recorded, 'recorded');
      if (archive) this.recorded = RunView.of(archive, 'recorded');
      this.looked = true;
    }
    // A run that was opened or began in the meantime keeps the screen.
    if (this.view === null) this.show(this.recorded);
  }

  show(view: RunView | null): void {
    if (view === this.view) return;
    const other = this.view !== null;
    this.view = view;
    // A question that the address names waits for the first run.
    if (!other) return;
    this.selected = null;
    this.marked = [];
  }

  /** A run that begins, at the step of its phase. */
  begin(view: RunView): void {
    this.show(view);
    this.step = stepOf(view.run.phase);
  }

  /** Shows a stored run. */
  async open(runId: string): Promise<void> {
    await this.#parts.actions.run(async (api) => {
      this.show(
        this.live?.run.id === runId ? this.live : RunView.of(await api.runs.archive(runId), 'stored'),
      );
      const phase = this.view?.run.phase;
      if (phase !== undefined) this.step = stepOf(phase);
    });
  }

  chooseStep(step: Step): void {
    this.step = step;
    this.followsJob = false;
  }

  /** To the step of the job's phase, where its view is on screen. */
  follow(view: RunView | null, phase: RunRecord['phase']): void {
    if (this.followsJob && this.view === view) this.step = stepOf(phase);
  }
}
