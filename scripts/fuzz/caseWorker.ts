/** Runs the cases of a job one after another, in a thread of its own that its lane can end. */
import { readFileSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { ArkletError } from '../../src/core/errors';
import { hashKey } from '../../src/core/rng';
import { Dice } from './dice';
import { importers } from './importers';
import { memoryBound, Shared } from './shared';
import { innerWords } from './mutations';
import type { Case, CaseMaker, FaultKind, Job, Outcome, WorkerMessage } from './types';

const { job, buffer } = workerData as { readonly job: Job; readonly buffer: SharedArrayBuffer };
const shared = new Shared(buffer);

const tell = (message: WorkerMessage): void => parentPort?.postMessage(message);

/** Characters of an error that a page still shows. */
const longestMessage = 5000;

/** What is wrong with what was thrown; null for an error that a user can act on. */
function faultOf(thrown: unknown): string | null {
  if (!(thrown instanceof ArkletError))
    return thrown instanceof Error ? (thrown.stack ?? String(thrown)) : `not an error: ${String(thrown)}`;
  const { code, message, hint } = thrown;
  if (code === 'internal') return `internal: ${message}`;
  if (hint.trim() === '') return `without a hint: ${message}`;
  if (message.length + hint.length > longestMessage)
    return `a message of ${message.length} characters: ${thrown.stack?.slice(-600)}`;
  // Python's own words for a name that a template does not have.
  if (/^The chat template of /.test(message)) return null;
  if (innerWords.test(message) || innerWords.test(hint)) return `words from inside: ${message} ${hint}`;
  return null;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of the process at their highest since `forgetPeak`; where the system does not say, since its start. */
function peak(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1024;
}

function forgetPeak(): void {
  if (process.platform === 'linux') writeFileSync('/proc/self/clear_refs', '5');
}

interface Ran {
  readonly outcome: Outcome;
  readonly what: string;
  /** Bytes above what the process had before. */
  readonly grown: number;
}

async function runOnce({ run }: Case): Promise<Ran> {
  forgetPeak();
  const before = peak();
  try {
    await run();
    return { outcome: 'taken', what: '', grown: peak() - before };
  } catch (thrown) {
    const grown = peak() - before;
    const what = faultOf(thrown);
    return { outcome: what === null ? 'typed' : 'untyped', what: what ?? '', grown };
  }
}

async function main(): Promise<void> {
  const { importer, seed, from, to } = job;
  const make: CaseMaker = await importers[importer]();
  let typed = 0;
  const fault = (number: number, kind: FaultKind, what: string): void =>
    tell({ type: 'fault', fault: { importer, number, kind, what } });
  for (let number = from; number < to; number++) {
    const one = make(new Dice(hashKey('fuzz', seed, importer, number)));
    shared.began(number);
    const ran = await runOnce(one);
    const most = memoryBound(one.bytes);
    let least = ran.grown;
    // What was left lying about by earlier cases is none of this one's.
    for (let again = 0; again < 3 && least > most; again++) {
      collect();
      shared.began(number);
      least = Math.min(least, (await runOnce(one)).grown);
    }
    shared.ended();
    if (least > most) fault(number, 'overMemory', `${least} bytes for ${one.bytes}`);
    if (ran.outcome === 'typed') typed++;
    if (ran.outcome === 'untyped') fault(number, 'untyped', ran.what);
    // Lets the lane hear of it, and timers end.
    if (number % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  tell({ type: 'done', cases: to - from, typed });
}

await main();
