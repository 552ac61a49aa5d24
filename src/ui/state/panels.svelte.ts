/** Which panel is open, which runs are compared, and where the tour is. All are in the address. */
import { createContext } from 'svelte';
import { fileKeys } from './questionFile.svelte';
import { guideSteps, type GuideStepId } from '../strings/guide';

export const panelNames = ['runs', 'settings', 'ask', 'help', 'kernels', 'device', 'compare-runs'] as const;
export type PanelName = (typeof panelNames)[number];

/** Parts of the address that are not settings of a run. */
export const addressKeys = [
  'step',
  'guide',
  'panel',
  'stage',
  'run',
  'question',
  'compare',
  ...fileKeys,
] as const;

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

  /** Reads `guide=alone&panel=ask`, `panel=compare-runs&compare=ID,ID`. */
  read(params: URLSearchParams): void {
    this.guide = guideSteps.find((known) => known === params.get('guide')) ?? null;
    const runs = (params.get('compare') ?? '').split(',').filter((id) => id !== '');
    if (runs.length > 0) this.compared = runs;
    const panel = panelNames.find((known) => known === params.get('panel')) ?? null;
    this.shown = panel === 'compare-runs' && this.compared.length === 0 ? null : panel;
  }

  /** The panel that is open, with the runs that it compares. */
  get address(): string {
    if (this.shown === null) return '';
    const compared = this.shown === 'compare-runs' ? `&compare=${this.compared.join(',')}` : '';
    return `&panel=${this.shown}${compared}`;
  }

  get hash(): string {
    return `${this.guide === null ? '' : `&guide=${this.guide}`}${this.address}`;
  }
}

/** The page's panels, for components deep inside a view. */
export const [getPanels, setPanels] = createContext<Panels>();
