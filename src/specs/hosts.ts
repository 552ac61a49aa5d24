/** Which hosts an agent spec makes the app contact, for the lists that name them. */
import type { RunConfig } from '../settings/config';

const hub = ['huggingface.co', 'cdn-lfs.huggingface.co', 'cas-bridge.xethub.hf.co'];

/** The host of an address elsewhere; none for the app's own, and for what is no address. */
function hostElsewhere(address: string, base: string): readonly string[] {
  if (!URL.canParse(address, base)) return [];
  const { origin, host } = new URL(address, base);
  return origin === new URL(base).origin ? [] : [host];
}

/** Hosts other than the app's own (`base` is its address); empty for what stays on this machine. */
export function hostsOf(spec: string, base: string): readonly string[] {
  if (/^(webllm|transformers):local:/.test(spec)) return [];
  const place = spec.replace(/^(recorded|transformers|endpoint):/, '').replace(/#.*$/, '');
  if (/^https?:\/\//.test(place)) return hostElsewhere(place, base);
  if (spec.startsWith('hf:')) return hub;
  if (spec.startsWith('webllm:')) {
    const [, settings = ''] = spec.split('?');
    const own = new URLSearchParams(settings);
    const addresses = [own.get('model'), own.get('lib')].filter((address) => address !== null);
    if (addresses.length === 0) return [...hub, 'raw.githubusercontent.com'];
    return [...new Set(addresses.flatMap((address) => hostElsewhere(address, base)))];
  }
  if (/^transformers:[^/.:]+\/[^/]+$/.test(spec) && !spec.startsWith('transformers:files/')) return hub;
  return [];
}

/** Hosts that a run with these agents, personas' models and student contacts, each once. */
export function hostsOfRun(
  { agents, personas, student }: Pick<RunConfig, 'agents' | 'personas' | 'student'>,
  base: string,
): readonly string[] {
  const specs = [...agents, ...personas.flatMap(({ model }) => model ?? []), student];
  return [...new Set(specs.flatMap((spec) => hostsOf(spec, base)))];
}
