/** Other tabs ask the working one to pause, unpause, step or stop; it answers when that is done. */
import { asArkletError, BusyError, errorFromData, type ErrorData } from '../core/errors';

export type PeerCommand = 'pause' | 'unpause' | 'step' | 'stop';

type Message =
  | { readonly type: 'ask'; readonly id: string; readonly command: PeerCommand }
  | { readonly type: 'answer'; readonly id: string; readonly error: ErrorData | null };

/** What tabs hear one another through. */
export type PeerChannel = Pick<BroadcastChannel, 'postMessage' | 'addEventListener'>;

function messageOf(data: unknown): Message | null {
  if (typeof data !== 'object' || data === null || !('type' in data)) return null;
  return data.type === 'ask' || data.type === 'answer' ? (data as Message) : null;
}

export class Peers {
  readonly #channel: PeerChannel;
  readonly #waiting = new Map<string, (error: ErrorData | null) => void>();

  /** `act` does what another tab asks; null where this tab does not work. */
  constructor(channel: PeerChannel, act: (command: PeerCommand) => Promise<void> | null) {
    this.#channel = channel;
    channel.addEventListener('message', ({ data }) => {
      const message = messageOf(data);
      if (message?.type === 'answer') this.#waiting.get(message.id)?.(message.error);
      if (message?.type !== 'ask') return;
      const { id, command } = message;
      const answer = (error: ErrorData | null): void => channel.postMessage({ type: 'answer', id, error });
      act(command)?.then(
        () => answer(null),
        (thrown: unknown) => answer(asArkletError(thrown).toData()),
      );
    });
  }

  /** Rejects with what the other tab failed by, and with BusyError where none answers in time. */
  ask(command: PeerCommand, milliseconds: number): Promise<void> {
    const id = crypto.randomUUID();
    return new Promise((resolve, reject) => {
      const end = (error: ErrorData | null): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        if (error) reject(errorFromData(error));
        else resolve();
      };
      const timer = setTimeout(() => {
        const silent = new BusyError(
          `The tab that runs this did not answer within ${milliseconds / 1000} s.`,
          'Look at that tab; where it is gone, reload this one.',
        );
        end(silent.toData());
      }, milliseconds);
      this.#waiting.set(id, end);
      this.#channel.postMessage({ type: 'ask', id, command } satisfies Message);
    });
  }
}
