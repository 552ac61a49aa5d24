/**
 * Settings of the next run: a preset and what was changed, kept in the address under the names of the command's flags
 * (`#preset=quick&n-agents=5&seed=3`). The values of a preset come from the coordinator, which also checks the result.
 */
import type { Presets } from '../../core/jobApi';
import { personasText, readPersonas } from '../../core/personas';
import type { RunConfig } from '../../core/records';

export type Preset = 'quick' | 'full';
export type { Presets };
export type Field = Exclude<keyof RunConfig, 'preset'>;

/** Flag of a field: nAgents -> n-agents; the command says --strategy. */
export function flagOf(field: Field): string {
  if (field === 'strategies') return 'strategy';
  return field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function sameValue(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

type Value = string | number | boolean | readonly unknown[];

/** Text as a value of the field, of the same type as `like`; undefined when it cannot be one. */
function valueOf(field: Field, like: RunConfig[Field], text: string): Value | undefined {
  if (field === 'personas') return readPersonas(text) ?? undefined;
  if (field === 'padHeldOutAgents') {
    const agents = text.split(',').filter((part) => part !== '');
    return agents.every((part) => /^\d+$/.test(part)) ? agents.map(Number) : undefined;
  }
  if (typeof like === 'number') {
    const number = Number(text);
    return text.trim() === '' || !Number.isFinite(number) ? undefined : number;
  }
  if (typeof like === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (Array.isArray(like)) return text.split(',').filter((part) => part !== '');
  return text;
}

type Personas = RunConfig['personas'];

type Plain = RunConfig[Exclude<Field, 'personas'>];

function textOf(value: Plain): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}

export interface BadSetting {
  readonly name: string;
  readonly value: string;
}

export class Settings {
  preset = $state<Preset>('quick');
  presets = $state.raw<Presets | null>(null);
  /** Flag to text, as in the address. */
  #changes = $state.raw<ReadonlyMap<string, string>>(new Map());

  /** The preset with the changes; null until the presets are known. */
  readonly config = $derived.by((): RunConfig | null => {
    const base = this.presets?.[this.preset];
    return base ? this.#applied(base).config : null;
  });

  readonly changed = $derived(this.#changes.size > 0);

  #applied(base: RunConfig): { config: RunConfig; bad: readonly BadSetting[] } {
    const config: Record<string, unknown> = { ...base };
    const bad: BadSetting[] = [];
    const fields = new Map(
      Object.keys(base)
        .filter((name) => name !== 'preset')
        .map((name) => [flagOf(name as Field), name as Field]),
    );
    for (const [flag, text] of this.#changes) {
      const field = fields.get(flag);
      const value = field && valueOf(field, base[field], text);
      if (field === undefined || value === undefined) bad.push({ name: flag, value: text });
      else config[field] = value;
    }
    if (config['rank'] !== base.rank && !this.#changes.has('alpha'))
      config['alpha'] = 2 * Number(config['rank']);
    const custom = [...this.#changes.keys()].some((flag) => flag !== 'seed' && flag !== 'backend');
    return { config: { ...config, preset: custom ? 'custom' : this.preset } as unknown as RunConfig, bad };
  }

  /** Settings of the address that are unknown or not of their type. Empty until the presets are known. */
  get bad(): readonly BadSetting[] {
    const base = this.presets?.[this.preset];
    return base ? this.#applied(base).bad : [];
  }

  set<F extends Field>(field: F, value: RunConfig[F]): void {
    const changes = new Map(this.#changes);
    const base = this.presets?.[this.preset];
    if (base && sameValue(base[field], value)) changes.delete(flagOf(field));
    else
      changes.set(
        flagOf(field),
        field === 'personas' ? personasText(value as Personas) : textOf(value as Plain),
      );
    this.#changes = changes;
  }

  /** The address part of a run's settings: what a link to them holds. Needs the presets. */
  hashOf(config: RunConfig): string {
    const other = new Settings();
    other.presets = this.presets;
    other.adopt(config);
    return other.hash;
  }

  /** Takes over a run's settings, as changes of the preset that is nearest. */
  adopt(config: RunConfig): void {
    const { presets } = this;
    if (!presets) return;
    const fields = (Object.keys(presets.quick) as (Field | 'preset')[]).filter((name) => name !== 'preset');
    const changed = (preset: Preset): Field[] =>
      fields.filter((field) => !sameValue(presets[preset][field], config[field] ?? presets[preset][field]));
    this.preset = changed('full').length < changed('quick').length ? 'full' : 'quick';
    this.reset();
    // The name of an imported question file is no setting: the file itself has to be chosen again.
    for (const field of changed(this.preset)) if (field !== 'questions') this.set(field, config[field]);
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
