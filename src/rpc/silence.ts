/** A worker that hangs: it is there and answers nothing. It is asked whether it can while calls wait for it. */

/** Milliseconds of silence, with calls waiting, after which a worker counts as hung. */
export const hungAfter = 120_000;

/**
 * Looks in this many parts of that time: what passes while this side stands still (a laptop that sleeps, a frozen page, a clock that
 * is set) is no silence.
 */
const looks = 8;

interface Ping {
  readonly ping: true;
}

function isPing(data: unknown): data is Ping {
  return typeof data === 'object' && data !== null && 'ping' in data;
}

/** In the worker: answers as soon as its other work lets messages in. */
export function answerPings(scope: DedicatedWorkerGlobalScope): void {
  scope.addEventListener('message', ({ data }) => {
    if (isPing(data)) scope.postMessage({ awake: true });
  });
}

/** In the worker: a sign of life amid work that lets no message in, at most one a second. */
export function signsOfWork(scope: DedicatedWorkerGlobalScope): () => void {
  let last = -Infinity;
  return () => {
    const now = performance.now();
    if (now - last < 1000) return;
    last = now;
    scope.postMessage({ awake: true });
  };
}

/**
 * Calls `onHung` once when the worker sent nothing for so long while calls waited: no progress, no answer to the question whether it
 * is there. The returned function ends the watch.
 */
export function watchSilence(
  worker: Worker,
  calls: { readonly pending: number },
  milliseconds: number,
  onHung: () => void,
): () => void {
  let silent = 0;
  const hear = (): void => void (silent = 0);
  worker.addEventListener('message', hear);
  const timer = setInterval(() => {
    if (calls.pending === 0) return hear();
    silent++;
    if (silent > looks) {
      end();
      onHung();
    } else worker.postMessage({ ping: true } satisfies Ping);
  }, milliseconds / looks);
  const end = (): void => {
    clearInterval(timer);
    worker.removeEventListener('message', hear);
  };
  return end;
}
