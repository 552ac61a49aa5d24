/** Shapes that the protocols of this room are written in (src/rpc). */

/** One answer to one request. */
export interface Call<Request, Response> {
  readonly request: Request;
  readonly progress: never;
  readonly response: Response;
}

/** One that reports progress before it answers, and that can be aborted. */
export interface Stream<Request, Progress, Response> {
  readonly request: Request;
  readonly progress: Progress;
  readonly response: Response;
}

/** The names of a protocol's methods: one that is missing does not compile. */
export type Names<P> = { readonly [K in keyof P]: true };
