/** The job's end of the browser's model, which the page holds: over a port that the page hands in where its browser has one. */
import { chromeAgent } from '../../agents/chrome/agent';
import type { ChromeLink, ChromeProtocol } from '../../agents/chrome/protocol';
import { AgentError } from '../../core/errors';
import { RpcClient, type Port } from '../../rpc/rpc';
import { specId } from '../../specs/spec';
import { offeredModel } from '../../wire/pageModel';
import type { AgentMakers } from '../resolveAgents';

export function chromeLink(rpc: () => RpcClient<ChromeProtocol> | null): ChromeLink {
  const open = (): RpcClient<ChromeProtocol> => {
    const found = rpc();
    if (found) return found;
    throw new AgentError('This browser has no model of its own.', 'Choose other agents.', {
      details: { permanent: true },
    });
  };
  return {
    load: async ({ signal, onProgress }) =>
      open().call('load', null, {
        ...(signal && { signal }),
        onProgress: (loaded) => onProgress?.({ phase: 'download', loaded, total: 1 }),
      }),
    generate: async ({ messages, sampling }, { signal, onText }) =>
      open().call(
        'generate',
        { messages, sampling },
        { ...(signal && { signal }), ...(onText && { onProgress: onText }) },
      ),
    count: async (texts) => open().call('count', texts),
  };
}

/** Makes agents of the browser's model; `scope`: where the page's port arrives. */
export function chromeMaker(scope: Pick<Port, 'addEventListener'>): NonNullable<AgentMakers['chrome']> {
  let rpc: RpcClient<ChromeProtocol> | null = null;
  scope.addEventListener('message', ({ data }) => {
    const port = offeredModel(data);
    if (port) rpc = new RpcClient<ChromeProtocol>(port);
  });
  const link = chromeLink(() => rpc);
  return (spec) => chromeAgent(link, specId(spec));
}
