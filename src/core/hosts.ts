/** Which hosts an agent spec makes the app contact, for the lists that name them. */

const hub = ['huggingface.co', 'cdn-lfs.huggingface.co', 'cas-bridge.xethub.hf.co'];

/** Hosts other than the app's own (`base` is its address); empty for what stays on this machine. */
export function hostsOf(spec: string, base: string): readonly string[] {
  if (/^(webllm|transformers):local:/.test(spec)) return [];
  const place = spec.replace(/^(recorded|transformers|endpoint):/, '').replace(/#.*$/, '');
  if (/^https?:\/\//.test(place)) {
    const { origin, host } = new URL(place);
    return origin === new URL(base).origin ? [] : [host];
  }
  if (spec.startsWith('hf:')) return hub;
  if (spec.startsWith('webllm:')) {
    const [, settings = ''] = spec.split('?');
    const own = new URLSearchParams(settings);
    const addresses = [own.get('model'), own.get('lib')].filter((address) => address !== null);
    if (addresses.length === 0) return [...hub, 'raw.githubusercontent.com'];
    const hosts = addresses.map((address) => new URL(address, base));
    return [
      ...new Set(hosts.filter(({ origin }) => origin !== new URL(base).origin).map(({ host }) => host)),
    ];
  }
  if (/^transformers:[^/.:]+\/[^/]+$/.test(spec) && !spec.startsWith('transformers:files/')) return hub;
  return [];
}
