/** What a training leaves in the store while it runs: its log, its probes and its last checkpoint, so that it resumes exactly. */
import type { Probe, TrainLog } from '../core/records';
import type { CheckpointId } from '../store/checkpoints';
import type { Job } from './job';

export interface TrainingRecord {
  /** Where it goes on; null to begin. */
  readonly checkpoint: { readonly step: number; readonly bytes: Uint8Array<ArrayBuffer> } | null;
  /** Fires with the job's own signal, and when writing failed. */
  readonly signal: AbortSignal;
  readonly logs: readonly TrainLog[];
  log(entry: TrainLog): void;
  /** What the student answered at a step. */
  probe(probe: Probe): void;
  save(step: number, bytes: Uint8Array<ArrayBuffer>): void;
  /** Runs the training and stores its files; a failed write comes before what the training throws because of it. */
  finish(train: () => Promise<Readonly<Record<string, Uint8Array>>>): Promise<void>;
}

/** Opens the record of a training: what the store holds of it up to its checkpoint, if that is of the same inputs. */
export async function openTrainingRecord(
  job: Job,
  id: CheckpointId,
  inputs: string | null,
): Promise<TrainingRecord> {
  const { store, runId } = job;
  const { strategy, seed } = id;
  const kept = (await store.getLogs(runId)).find((log) => log.strategy === strategy && log.seed === seed);
  const found = inputs === null || kept?.inputs === inputs ? kept : undefined;
  const checkpoint = found ? await store.getCheckpoint(id) : null;
  const reached = checkpoint?.step ?? -1;
  const logs: TrainLog[] = (found?.steps ?? []).filter(({ step }) => step <= reached);
  const probes: Probe[] = (found?.probes ?? []).filter(({ step }) => step <= reached);
  const stored = () => ({
    ...id,
    steps: [...logs],
    ...(probes.length > 0 && { probes: [...probes] }),
    ...(inputs !== null && { inputs }),
  });
  // Writes follow one another; a failed one ends the training with its error.
  let writing = Promise.resolve();
  let failed: unknown = null;
  const stop = new AbortController();
  return {
    checkpoint,
    logs,
    signal: AbortSignal.any([job.signal, stop.signal]),
    log(entry) {
      // A resumed training tells its last step again.
      while ((logs.at(-1)?.step ?? -1) >= entry.step) logs.pop();
      logs.push(entry);
      job.emit({ type: 'train', runId, strategy, seed, log: entry });
    },
    probe(probe) {
      // A resumed training asks again at the step that it goes on from.
      while ((probes.at(-1)?.step ?? -1) >= probe.step) probes.pop();
      probes.push(probe);
      job.emit({ type: 'probe', runId, strategy, seed, probe });
    },
    save(step, bytes) {
      const now = stored();
      writing = writing
        .then(async () => {
          await store.putLog(now);
          await store.putCheckpoint(id, step, bytes);
        })
        .catch((thrown: unknown) => {
          failed ??= thrown;
          stop.abort();
        });
    },
    async finish(train) {
      try {
        const files = await train();
        await writing;
        if (failed) throw failed as Error;
        await store.putLog(stored());
        await store.putAdapter(id, files);
        await store.removeCheckpoint(id);
      } catch (thrown) {
        await writing;
        throw failed ?? thrown;
      }
    },
  };
}
