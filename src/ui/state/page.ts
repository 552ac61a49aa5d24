/** What the parts of the page need of it, each for itself: a component asks for what it uses, however deep it lies. */
import { createContext } from 'svelte';
import type { JobApi } from '../../wire/jobApi';
import type { JobEvent } from '../../wire/jobEvents';
import type { RunRecord } from '../../records/runRecords';
import type { RunConfig } from '../../settings/config';
import type { Models } from '../models/models.svelte';
import type { StageCheck } from '../models/modelsStage.svelte';
import type { JobStatus } from './jobStatus';
import { setNotices, type Notices } from './notices.svelte';
import type { QuestionFile } from './questionFile.svelte';
import type { RunHistory } from './runHistory.svelte';
import type { RunView } from './runView.svelte';
import type { Step, TurnPlace } from './sessionParts';
import type { Settings } from './settings.svelte';

/** The job, and what is done with it. */
export interface Controls {
  readonly job: JobStatus | null;
  readonly active: boolean;
  /** An action waits for the coordinator. */
  readonly busy: boolean;
  readonly load: Extract<JobEvent, { type: 'load' }> | null;
  readonly device: Extract<JobEvent, { type: 'device' }> | null;
  /** A run that ended before its time, unless it was declined. */
  readonly interrupted: RunRecord | null;
  declined: string | null;
  /** `change` is for this run alone. */
  start(change?: Partial<RunConfig>): Promise<void>;
  /** Another training on the debate that a view shows. */
  startOn(view: RunView, change?: Partial<RunConfig>): Promise<void>;
  resume(runId: string): Promise<void>;
  pause(): Promise<void>;
  unpause(): Promise<void>;
  stepOnce(): Promise<void>;
  stop(): Promise<void>;
}

/** What is on screen. */
export interface Screen {
  readonly view: RunView | null;
  readonly live: RunView | null;
  readonly recorded: RunView | null;
  /** The recorded run was looked for. */
  readonly looked: boolean;
  step: Step;
  selected: string | null;
  marked: readonly TurnPlace[];
  show(view: RunView | null): void;
  chooseStep(step: Step): void;
  /** Shows a stored run. */
  open(runId: string): Promise<void>;
}

export interface StoredRuns {
  readonly runs: readonly RunRecord[];
}

export type Api = () => Promise<JobApi>;

export const [getControls, setControls] = createContext<Controls>();
export const [getScreen, setScreen] = createContext<Screen>();
export const [getStoredRuns, setStoredRuns] = createContext<StoredRuns>();
export const [getShelf, setShelf] = createContext<RunHistory>();
export const [getSettings, setSettings] = createContext<Settings>();
export const [getQuestionFile, setQuestionFile] = createContext<QuestionFile>();
export const [getModels, setModels] = createContext<Models>();
export const [getStage, setStage] = createContext<StageCheck>();
export const [getApi, setApi] = createContext<Api>();

interface Page extends Controls, Screen, StoredRuns {
  readonly runHistory: RunHistory;
  readonly settings: Settings;
  readonly file: QuestionFile;
  readonly models: Models;
  readonly stage: StageCheck;
  readonly notices: Notices;
  readonly api: Api;
}

/** To be called where the page is made. */
export function providePage(page: Page): void {
  setControls(page);
  setScreen(page);
  setStoredRuns(page);
  setShelf(page.runHistory);
  setSettings(page.settings);
  setQuestionFile(page.file);
  setModels(page.models);
  setStage(page.stage);
  setNotices(page.notices);
  setApi(page.api);
}
