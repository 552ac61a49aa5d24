/** Which hosts the names of a run make the app contact, for the lists that name them. */
import { hubEndpoint } from './addresses';
import { datasetAddresses, type RunFileNames } from './dataset';
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

/** Hosts that a run with these agents, personas' models, student and question files contacts, each once; none of an impossible name. */
export function hostsOfRun(
  names: RunModelNames & RunFileNames,
  base: string,
  hub?: string,
): readonly string[] {
  const specs = namesOfRun(names).map(readSpec);
  return [
    ...new Set([
      ...specs.flatMap((spec) => (spec ? hostsOf(spec, base, hub) : [])),
      ...hostsOfFiles(names, base, hub),
    ]),
  ];
}

/** Hosts that question files come from: the hub's, where a dataset of it is named. */
export function hostsOfFiles(names: RunFileNames, base: string, hub?: string): readonly string[] {
  return datasetAddresses(names, hub).flatMap((address) => hostElsewhere(address, base));
}
