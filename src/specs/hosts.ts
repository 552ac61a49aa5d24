/** Which hosts the names of a run make the app contact, for the lists that name them. */
import { namesOfRun, type RunModelNames } from './runModels';
import { contactsOf, readSpec, type ModelSpec } from './spec';

/** The host of an address elsewhere; none for the app's own. */
function hostElsewhere(address: string, base: string): readonly string[] {
  const { origin, host } = new URL(address, base);
  return origin === new URL(base).origin ? [] : [host];
}

/** Hosts other than the app's own (`base` is its address); empty for what stays on this machine. */
export function hostsOf(spec: ModelSpec, base: string): readonly string[] {
  return [...new Set(contactsOf(spec).flatMap((address) => hostElsewhere(address, base)))];
}

/** Hosts that a run with these agents, personas' models and student contacts, each once; none of an impossible name. */
export function hostsOfRun(models: RunModelNames, base: string): readonly string[] {
  const specs = namesOfRun(models).map(readSpec);
  return [...new Set(specs.flatMap((spec) => (spec ? hostsOf(spec, base) : [])))];
}
