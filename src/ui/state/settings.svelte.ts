/**
 * Settings of the next run: a preset and what was changed, kept in the address under the names of the command's flags
 * (`#preset=quick&n-agents=5&seed=3`).
 */
import {
  presets,
  sameValue,
  settingAt,
  valueAt,
  withValue,
  entries,
  type Path,
  type Preset,
  type RunConfig,
  type ValueAt,
} from '../../settings/config';
import { flagsOf, readFlags } from '../../settings/flags';

export interface BadSetting {
  readonly name: string;
  readonly value: string;
}

export class Settings {
  preset = $state<Preset>('quick');
  /** Flag to text, as in the address. */
  #changes = $state.raw<ReadonlyMap<string, string>>(new Map());
  readonly #read = $derived(readFlags(this.#changes, this.preset));

  /** The preset with the changes. */
  readonly config: RunConfig = $derived(this.#read.config);
  /** Settings of the address that are unknown or not of their type. */
  readonly bad: readonly BadSetting[] = $derived(
    this.#read.bad.map(({ flag, text }) => ({ name: flag, value: text })),
  );
  readonly changed = $derived(this.#changes.size > 0);

  set<P extends Path>(path: P, value: ValueAt<P>): void {
    this.change(path, value);
  }

  /** `set` for a field that knows its setting's kind alone. */
  change(path: Path, value: unknown): void {
    const changes = new Map(this.#changes);
    const { flag, write } = settingAt(path);
    if (sameValue(valueAt(presets[this.preset], path), value)) changes.delete(flag);
    else changes.set(flag, write(value));
    this.#changes = changes;
  }

  /** Several at once, as a memory plan or a preset of a device proposes them. */
  changeAll(change: Partial<RunConfig>): void {
    const before = this.config;
    const after = { ...before, ...change };
    for (const { path } of entries) {
      const value = valueAt(after, path);
      if (!sameValue(valueAt(before, path), value)) this.change(path, value);
    }
  }

  /** How many settings of a list are not the preset's. */
  changedAmong(paths: readonly Path[]): number {
    const base = presets[this.preset];
    return paths.filter((path) => !sameValue(valueAt(base, path), valueAt(this.config, path))).length;
  }

  /** The address part of a run's settings: what a link to them holds. */
  hashOf(config: RunConfig): string {
    const other = new Settings();
    other.adopt(config);
    return other.hash;
  }

  /** Takes over a run's settings, as changes of the preset that is nearest. */
  adopt(config: RunConfig): void {
    // The name of an imported question file is no setting: the file itself has to be chosen again.
    const from = withValue(config, 'questions', null);
    const distance = (preset: Preset): number =>
      entries.filter(({ path }) => !sameValue(valueAt(presets[preset], path), valueAt(from, path))).length;
    this.preset = distance('full') < distance('quick') ? 'full' : 'quick';
    this.#changes = flagsOf(from, this.preset);
  }

  choosePreset(preset: Preset): void {
    this.preset = preset;
    this.reset();
  }

  reset(): void {
    this.#changes = new Map();
  }

  /** Reads `#preset=full&seed=3`; keys in `others` are not settings and are left alone. */
  readHash(hash: string, others: readonly string[]): void {
    const params = new URLSearchParams(hash.replace(/^#/, ''));
    this.preset = params.get('preset') === 'full' ? 'full' : 'quick';
    const changes = new Map<string, string>();
    for (const [name, value] of params)
      if (name !== 'preset' && !others.includes(name)) changes.set(name, value);
    this.#changes = changes;
  }

  /** The part of the address after `#`, without the sign. */
  get hash(): string {
    const params = new URLSearchParams({ preset: this.preset });
    for (const [name, value] of this.#changes) params.set(name, value);
    return params.toString().replaceAll('%2C', ',');
  }
}
