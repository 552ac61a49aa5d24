/** The parts of the page's state as contexts: a component asks for those that it uses. */
import { createContext } from 'svelte';
import type { JobApi } from '../../wire/jobApi';
import type { Models } from '../models/models.svelte';
import type { StageCheck } from '../models/modelsStage.svelte';
import type { Controls } from './job/controls.svelte';
import { setNotices, type Notices } from './notices.svelte';
import type { QuestionFile } from './questionFile.svelte';
import type { RunHistory } from './runHistory.svelte';
import type { Screen } from './screen.svelte';
import type { Settings } from './settings.svelte';
import type { StoredRuns } from './storedRuns.svelte';

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

interface Page {
  readonly controls: Controls;
  readonly screen: Screen;
  readonly stored: StoredRuns;
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
  setControls(page.controls);
  setScreen(page.screen);
  setStoredRuns(page.stored);
  setShelf(page.runHistory);
  setSettings(page.settings);
  setQuestionFile(page.file);
  setModels(page.models);
  setStage(page.stage);
  setNotices(page.notices);
  setApi(page.api);
}
