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
  if (spec.startsWith('webllm:')) return [...hub, 'raw.githubusercontent.com'];
  if (/^transformers:[^/.:]+\/[^/]+$/.test(spec) && !spec.startsWith('transformers:files/')) return hub;
  return [];
}
