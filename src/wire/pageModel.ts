/** A page hands its coordinator the port behind which it holds the browser's model. */

interface Offer {
  readonly pageModel: MessagePort;
}

export function offerModel(worker: Pick<Worker, 'postMessage'>, port: MessagePort): void {
  worker.postMessage({ pageModel: port } satisfies Offer, [port]);
}

/** The port in a message; null where it is another message. */
export function offeredModel(data: unknown): MessagePort | null {
  if (typeof data !== 'object' || data === null || !('pageModel' in data)) return null;
  return data.pageModel instanceof MessagePort ? data.pageModel : null;
}
