/** Personas: who the agents are beside their models. As text: the name of a preset, or the JSON of a list. */
import { parseJson } from '../core/json';

/**
 * Who an agent is beside its model; what is absent is as in the run's own settings. Agents whose prompts are compact (the
 * bundled ones) read no system prompt.
 */
export interface Persona {
  readonly name: string;
  /** System prompt. */
  readonly system?: string;
  readonly temperature?: number;
  readonly topP?: number;
  /** Takes the place of the run's seed for this agent. */
  readonly seed?: number;
  /** Agent spec that takes the place of the one from `agents`. */
  readonly model?: string;
}

export type PersonaPreset = 'equals' | 'complementary' | 'sceptic';

const planner: Persona = {
  name: 'Planner',
  system:
    'You are careful and orderly. First list what is given and what is asked, then take one small step at a time.',
  temperature: 0.5,
};
const calculator: Persona = {
  name: 'Calculator',
  system: 'You are exact with numbers. Write every operation as an equation and work each one out twice.',
  temperature: 0.3,
};
const explorer: Persona = {
  name: 'Explorer',
  system: 'You look for another way to the answer than the obvious one, and compare where both lead.',
  temperature: 1.1,
};
const sceptic: Persona = {
  name: 'Sceptic',
  system:
    'You doubt every solution, your own too. Look for the first wrong step; agree only with what you have checked yourself.',
  temperature: 0.7,
};

/** equals = none, as in the paper: agents differ by their sampling alone. */
export const personaPresets: Readonly<Record<PersonaPreset, readonly Persona[]>> = {
  equals: [],
  complementary: [planner, calculator, explorer],
  sceptic: [{ name: 'Solver' }, { name: 'Solver' }, sceptic],
};

export const personaPresetNames = Object.keys(personaPresets) as readonly PersonaPreset[];

/** The persona of agent i; null where there are none. An agent beyond the debate's (a further sample) is agent i mod nAgents. */
export function personaOf(personas: readonly Persona[], nAgents: number, agent: number): Persona | null {
  return personas[(agent % nAgents) % Math.max(1, personas.length)] ?? null;
}

/** A copy with the keys in one order and without those that say nothing, so that equal personas have equal text. */
export function plainPersona({ name, system, temperature, topP, seed, model }: Persona): Persona {
  return {
    name,
    ...(system ? { system } : {}),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(seed === undefined ? {} : { seed }),
    ...(model ? { model } : {}),
  };
}

function plainText(personas: readonly Persona[]): string {
  return JSON.stringify(personas.map(plainPersona));
}

/** The preset with just these personas; null when there is none. */
export function presetOf(personas: readonly Persona[]): PersonaPreset | null {
  const text = plainText(personas);
  return personaPresetNames.find((name) => plainText(personaPresets[name]) === text) ?? null;
}

/** For an address or a flag; `readPersonas` gives them back. */
export function personasText(personas: readonly Persona[]): string {
  return presetOf(personas) ?? plainText(personas);
}

/** Null for text that is neither a preset's name nor a JSON list; the list is checked with the config. */
export function readPersonas(text: string): readonly Persona[] | null {
  const known = personaPresetNames.find((name) => name === text);
  if (known) return personaPresets[known];
  try {
    const list: unknown = parseJson(text);
    return Array.isArray(list) ? (list as readonly Persona[]) : null;
  } catch {
    return null;
  }
}
