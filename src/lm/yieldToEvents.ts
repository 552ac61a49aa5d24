/** Lets timers, messages and aborts in between two steps of a loop that may never wait otherwise. */
let channel: MessageChannel | null = null;
const waiting: (() => void)[] = [];

/** Resolves in a new macrotask, as soon as possible. */
export function yieldToEvents(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
      return;
    }
    if (!channel) {
      channel = new MessageChannel();
      channel.port1.onmessage = () => waiting.shift()?.();
    }
    waiting.push(resolve);
    channel.port2.postMessage(0);
  });
}
