/** SIGINT and SIGTERM from the first moment of a command on: exit code 130, and the same command resumes. */
import { CommandError } from './commandError.mjs';

let interrupted = false;
/** @type {(() => void) | null} */
let stop = null;

function onSignal() {
  if (interrupted || stop === null) {
    console.error(JSON.stringify({ error: interruption().toData() }));
    process.exit(130);
  }
  interrupted = true;
  stop();
}

export function interruption() {
  return new CommandError({
    code: 'interrupted',
    message: 'Stopped.',
    hint: 'The same command continues where it stopped.',
  });
}

/** Called once, before anything else. */
export function listenForSignals() {
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}

/**
 * While `work` runs the first signal calls `onStop`; the second one, and any one elsewhere, ends the command at once.
 * @template T
 * @param {() => void} onStop
 * @param {() => Promise<T>} work
 */
export async function stoppable(onStop, work) {
  stop = onStop;
  try {
    return await work();
  } finally {
    stop = null;
  }
}

/** Whether a signal came. */
export const wasInterrupted = () => interrupted;
