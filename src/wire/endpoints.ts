/** Servers of the user's own. */
import type { HubChange } from '../models/hubSettings';
import type { Call, Names } from './calls';

export interface EndpointsProtocol {
  /** The models that a server lists, by name. Rejects with ConfigError for what is no address, AgentError. */
  readonly endpointModels: Call<string, readonly string[]>;
  /**
   * The key for an endpoint's address (`endpoint:URL#MODEL`), kept in the coordinator's memory alone: not stored, not in the
   * config, an address or an export, and gone when the page closes. Null forgets it.
   */
  readonly setKey: Call<{ readonly url: string; readonly key: string | null }, void>;
  /**
   * The token for the hub, in memory as a key is, and the address of a mirror, which is kept with the models; null is none, what
   * is absent stays. Rejects with ConfigError for what can be neither.
   */
  readonly setHub: Call<HubChange, void>;
}

export const endpointsNames: Names<EndpointsProtocol> = { endpointModels: true, setKey: true, setHub: true };
