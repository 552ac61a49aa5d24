export type Theme = 'system' | 'light' | 'dark';
const themes: readonly Theme[] = ['system', 'light', 'dark'];
const key = 'arklet-appearance';

/** Theme and stage mode: set on the document's root, remembered on this machine where that is allowed. */
export class Appearance {
  theme = $state<Theme>('system');
  stage = $state(false);
  /** Whether single keys are shortcuts. */
  singleKeys = $state(true);

  constructor() {
    try {
      const saved: unknown = JSON.parse(localStorage.getItem(key) ?? '{}');
      if (typeof saved === 'object' && saved !== null) {
        if ('theme' in saved) this.theme = themes.find((theme) => theme === saved.theme) ?? 'system';
        if ('stage' in saved) this.stage = saved.stage === true;
        if ('singleKeys' in saved) this.singleKeys = saved.singleKeys !== false;
      }
    } catch {
      // Storage is refused or has something else: the defaults apply.
    }
    this.#apply();
  }

  cycleTheme(): void {
    this.theme = themes[(themes.indexOf(this.theme) + 1) % themes.length] ?? 'system';
    this.#save();
  }

  toggleStage(): void {
    this.stage = !this.stage;
    this.#save();
  }

  toggleSingleKeys(): void {
    this.singleKeys = !this.singleKeys;
    this.#save();
  }

  #save(): void {
    this.#apply();
    try {
      const { theme, stage, singleKeys } = this;
      localStorage.setItem(key, JSON.stringify({ theme, stage, singleKeys }));
    } catch {
      // Not remembered; it holds for this visit.
    }
  }

  #apply(): void {
    const root = document.documentElement;
    if (this.theme === 'system') delete root.dataset['theme'];
    else root.dataset['theme'] = this.theme;
    root.classList.toggle('stage', this.stage);
  }
}
