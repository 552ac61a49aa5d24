/** The models that a run's settings name. */
import { readSpec } from './spec';

export interface RunModelNames {
  readonly agents: readonly string[];
  readonly personas: readonly { readonly model?: string }[];
  readonly student: string;
}

/** Agents, personas' own models, student. */
export function namesOfRun({ agents, personas, student }: RunModelNames): readonly string[] {
  return [...agents, ...personas.flatMap(({ model }) => model ?? []), student];
}

/** Whether every one of them ships with the app. */
export function usesOnlyBundled(models: RunModelNames): boolean {
  return namesOfRun(models).every((name) => readSpec(name)?.place === 'bundled');
}
