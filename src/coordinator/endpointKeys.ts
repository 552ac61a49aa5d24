/** Keys of endpoints by address: here and nowhere else. */
import { endpointAddress } from '../specs/endpoint';
import { endpointModels } from '../agents/endpoint/models';
import type { Handlers } from '../rpc/rpc';
import type { EndpointsProtocol } from '../wire/endpoints';

export class EndpointKeys {
  readonly #keys = new Map<string, string>();

  /** Null where none was given. Throws ConfigError for what is no address. */
  of(url: string): string | null {
    return this.#keys.get(endpointAddress(url)) ?? null;
  }

  handlers(): Handlers<Omit<EndpointsProtocol, 'setHub'>> {
    return {
      endpointModels: async (url) => endpointModels(url, this.of(url)),
      setKey: async ({ url, key }) => {
        const address = endpointAddress(url);
        if (key === null || key === '') this.#keys.delete(address);
        else this.#keys.set(address, key);
      },
    };
  }
}
