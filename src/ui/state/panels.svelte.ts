/** Which panel lies over the page, and where the tour is. Both stand in the address. */
import { createContext } from 'svelte';
import { fileKeys } from './questionFile.svelte';
import { guideSteps, type GuideStepId } from '../strings/guide';

export const panelNames = ['runs', 'settings', 'ask', 'help', 'kernels', 'device', 'compare-runs'] as const;
export type PanelName = (typeof panelNames)[number];

/** Parts of the address that are not settings of a run. */
export const addressKeys = ['step', 'guide', 'panel', 'stage', ...fileKeys] as const;

export class Panels {
  shown = $state<PanelName | null>(null);
  guide = $state<GuideStepId | null>(null);
  /** Runs marked for comparing. */
  compared = $state.raw<readonly string[]>([]);

  open(name: PanelName): void {
    this.shown = name;
  }

  close(): void {
    this.shown = null;
  }

  /** `by` steps on in the tour; past its ends it stays. */
  walk(by: number): void {
    const at = this.guide === null ? -1 : guideSteps.indexOf(this.guide);
    this.guide = guideSteps[Math.min(guideSteps.length - 1, Math.max(0, at + by))] ?? null;
  }

  toggleCompared(runId: string): void {
    this.compared = this.compared.includes(runId)
      ? this.compared.filter((known) => known !== runId)
      : [...this.compared, runId];
  }

  /** Reads `guide=alone&panel=ask`; comparing runs needs marks that no address carries. */
  read(params: URLSearchParams): void {
    this.guide = guideSteps.find((known) => known === params.get('guide')) ?? null;
    const panel = panelNames.find((known) => known === params.get('panel') && known !== 'compare-runs');
    if (panel !== undefined) this.shown = panel;
  }

  get hash(): string {
    const guide = this.guide === null ? '' : `&guide=${this.guide}`;
    const kept = this.shown !== null && this.shown !== 'compare-runs';
    return `${guide}${kept ? `&panel=${this.shown}` : ''}`;
  }
}

/** The page's panels, for what lies deep inside a view. */
export const [getPanels, setPanels] = createContext<Panels>();
