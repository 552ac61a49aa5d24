/**
 * A process that runs jobs of cases for the command, each in a worker that is ended where a case takes too long or too much: the case
 * is then tried once more alone, since a busy machine may have been at fault, and the others go on behind it.
 */
import { Worker } from 'node:worker_threads';
import { join } from 'node:path';
import { secondsBound, Shared } from './shared';
import type { Counts, Fault, FaultKind, Job, LaneMessage, WorkerMessage } from './types';

/** As a browser has it, roughly. */
const resourceLimits = { maxOldGenerationSizeMb: 768, maxYoungGenerationSizeMb: 24, stackSizeMb: 1 };
const lookEvery = 50;
/** Seconds that a case may wait: a busy machine gives a process no time for a while, so its own seconds count before. */
const idleBound = 5 * secondsBound;

function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

interface Part {
  readonly faults: Fault[];
  /** Cases that ended, and of these those with a typed error. */
  cases: number;
  typed: number;
  /** The case that ended the worker, and why. */
  stopped: { readonly number: number; readonly kind: FaultKind } | null;
}

function runPart(job: Job): Promise<Part> {
  const shared = new Shared();
  const part: Part = { faults: [], cases: 0, typed: 0, stopped: null };
  const worker = new Worker(join(import.meta.dirname, 'caseWorker.mjs'), {
    workerData: { job, buffer: shared.buffer },
    resourceLimits,
  });
  return new Promise((resolve, reject) => {
    let finished = false;
    let failed: Error | null = null;
    let looked = { number: -1, cpu: 0 };
    const timer = setInterval(() => {
      const { number, running, seconds } = shared;
      const cpu = processorSeconds();
      if (!running || number !== looked.number) looked = { number: running ? number : -1, cpu };
      else if (!part.stopped && (cpu - looked.cpu > secondsBound || seconds > idleBound)) {
        part.stopped = { number, kind: 'hung' };
        void worker.terminate();
      }
    }, lookEvery);
    worker.on('message', (message: WorkerMessage) => {
      if (message.type === 'fault') part.faults.push(message.fault);
      else {
        finished = true;
        part.cases = message.cases;
        part.typed = message.typed;
      }
    });
    worker.on('error', (error: Error & { code?: string }) => {
      failed = error;
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY')
        part.stopped = { number: shared.number, kind: 'overMemory' };
    });
    worker.on('exit', () => {
      clearInterval(timer);
      // A case whose promise never settles leaves a worker with nothing to do.
      if (!finished && !part.stopped && shared.running && !failed)
        part.stopped = { number: shared.number, kind: 'hung' };
      if (finished || part.stopped) resolve(part);
      else reject(failed ?? new Error('the worker ended without a word'));
    });
  });
}

/** All cases of a job, whatever they do. */
async function runJob(job: Job): Promise<LaneMessage> {
  const faults: Fault[] = [];
  let typed = 0;
  let { from } = job;
  while (from < job.to) {
    const part = await runPart({ ...job, from });
    const { stopped } = part;
    if (!stopped) {
      faults.push(...part.faults);
      typed += part.typed;
      break;
    }
    const { number } = stopped;
    // What came before it is told by another run, since its worker could not say.
    if (number > from) {
      const before = await runPart({ ...job, from, to: number });
      faults.push(...before.faults);
      typed += before.typed;
    }
    const alone = await runPart({ ...job, from: number, to: number + 1 });
    faults.push(...alone.faults);
    typed += alone.typed;
    if (alone.stopped)
      faults.push({ importer: job.importer, number, kind: alone.stopped.kind, what: 'its worker was ended' });
    from = number + 1;
  }
  const count = (kind: FaultKind): number => faults.filter((fault) => fault.kind === kind).length;
  const counts: Counts = {
    cases: job.to - job.from,
    typed,
    untyped: count('untyped'),
    hung: count('hung'),
    overMemory: count('overMemory'),
  };
  return { job, counts, faults };
}

process.on('message', (job: Job) => {
  runJob(job).then(
    (done) => process.send?.(done),
    (thrown: unknown) => {
      console.error(thrown);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
