/** A protocol as an object of functions: what a page holds of a worker. */
import type { CallOptions, Method, Protocol } from './rpc';

/** Where nothing is asked for, nothing need be given. */
type CallOf<M extends Method> = M['request'] extends null
  ? (request?: null, options?: CallOptions<M>) => Promise<M['response']>
  : (request: M['request'], options?: CallOptions<M>) => Promise<M['response']>;

export type Calls<P extends Protocol<P>> = { readonly [K in keyof P]: CallOf<P[K]> };

/** The side of an RpcClient that asks; one client serves every protocol that its port carries. */
export interface Caller<P extends Protocol<P>> {
  call<K extends keyof P & string>(
    method: K,
    request: P[K]['request'],
    options?: CallOptions<P[K]>,
  ): Promise<P[K]['response']>;
}

/** `names` has every method of the protocol: one that is missing does not compile. */
export function callsOf<P extends Protocol<P>>(
  caller: Caller<P>,
  names: { readonly [K in keyof P & string]: true },
): Calls<P> {
  const call = <K extends keyof P & string>(name: K) => {
    return (request: P[K]['request'] = null, options?: CallOptions<P[K]>) =>
      caller.call(name, request, options);
  };
  const methods = Object.keys(names) as (keyof P & string)[];
  return Object.fromEntries(methods.map((name) => [name, call(name)])) as Calls<P>;
}
