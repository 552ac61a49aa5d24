/** Which hosts the names of a run make the app contact, for the lists that name them. */
import { hubEndpoint } from './addresses';
import { namesOfRun, type RunModelNames } from './runModels';
import { contactsOf, readSpec, type ModelSpec } from './spec';

/** The host of an address elsewhere; none for the app's own. */
function hostElsewhere(address: string, base: string): readonly string[] {
  const { origin, host } = new URL(address, base);
  return origin === new URL(base).origin ? [] : [host];
}

/**
 * Hosts other than the app's own (`base` is its address); empty for what stays on this machine. `hub`: where the hub is asked, itself
 * or a mirror.
 */
export function hostsOf(spec: ModelSpec, base: string, hub: string = hubEndpoint): readonly string[] {
  const addresses = contactsOf(spec).map((address) => (address === hubEndpoint ? hub : address));
  return [...new Set(addresses.flatMap((address) => hostElsewhere(address, base)))];
}

/** Hosts that a run with these agents, personas' models and student contacts, each once; none of an impossible name. */
export function hostsOfRun(models: RunModelNames, base: string, hub?: string): readonly string[] {
  const specs = namesOfRun(models).map(readSpec);
  return [...new Set(specs.flatMap((spec) => (spec ? hostsOf(spec, base, hub) : [])))];
}
