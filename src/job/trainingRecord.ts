/** What a training leaves in the store while it runs: its log, its probes and its last checkpoint, so that it resumes exactly. */
import { asArkletError } from '../core/errors';
import type { RowsCut } from '../records/records';
import type { EvalSamples, TrainLog } from '../records/trainLog';
import type { CheckpointId } from '../store/checkpoints';
import type { Damage } from '../store/digest';
import { madeAgain } from '../library/damage';
import type { Job } from './job';

type Checkpoint = Uint8Array<ArrayBuffer> | null;

export interface TrainingRecord {
  /** Fires with the job's own signal, and when writing failed. */
  readonly signal: AbortSignal;
  readonly logs: readonly TrainLog[];
  log(entry: TrainLog): void;
  /** What the maximum length did to its rows. */
  rows(cut: RowsCut): void;
  /** What the student answered at a step. */
  probe(probe: EvalSamples): void;
  save(step: number, bytes: Uint8Array<ArrayBuffer>): void;
  /**
   * Runs the training from its checkpoint (null: from its beginning) and stores its files. A checkpoint that cannot be used
   * is dropped, which is said. A failed write comes before what the training throws because of it.
   */
  finish(train: (checkpoint: Checkpoint) => Promise<Readonly<Record<string, Uint8Array>>>): Promise<void>;
}

/** Opens the record of a training: what the store holds of it up to its checkpoint, if that is of the same inputs. */
export async function openTrainingRecord(
  job: Job,
  id: CheckpointId,
  inputs: string | null,
): Promise<TrainingRecord> {
  const { store, runId } = job;
  const { strategy, seed } = id;
  const damages: Damage[] = [];
  const say = (): void => job.emit({ type: 'error', runId, error: madeAgain(damages).toData() });
  const kept = await store.getCheckpoint(id, (damage) => damages.push(damage));
  let logWhole = true;
  const logged = await store.getLogs(runId, (damage) => {
    if (!kept || damage.name !== strategy || damage.seed !== seed) return;
    logWhole = false;
    damages.push(damage);
  });
  if (damages.length > 0) say();
  const known = logged.find((log) => log.strategy === strategy && log.seed === seed);
  const found = inputs === null || known?.inputs === inputs ? known : undefined;
  // A log that lost its beginning is written again with the training.
  const checkpoint = logWhole && found ? kept : null;
  const reached = checkpoint?.step ?? -1;
  const logs: TrainLog[] = (found?.steps ?? []).filter(({ step }) => step <= reached);
  const probes: EvalSamples[] = (found?.probes ?? []).filter(({ step }) => step <= reached);
  let rows = found?.rows;
  const stored = () => ({
    ...id,
    steps: [...logs],
    ...(rows && { rows }),
    ...(probes.length > 0 && { probes: [...probes] }),
    ...(inputs !== null && { inputs }),
  });
  // Writes follow one another; a failed one ends the training with its error.
  let writing = Promise.resolve();
  let failed: unknown = null;
  const stop = new AbortController();
  const attempt = async (
    train: (checkpoint: Checkpoint) => Promise<Readonly<Record<string, Uint8Array>>>,
  ): Promise<Readonly<Record<string, Uint8Array>>> => {
    try {
      return await train(checkpoint?.bytes ?? null);
    } catch (thrown) {
      const { code } = asArkletError(thrown);
      // Without one it would fail in the same way: then that is the reason.
      if (!checkpoint || (code !== 'file-format' && code !== 'config')) throw thrown;
      damages.push({ part: 'checkpoint', name: strategy, seed });
      say();
      await store.removeCheckpoint(id);
      logs.length = 0;
      probes.length = 0;
      return train(null);
    }
  };
  return {
    logs,
    signal: AbortSignal.any([job.signal, stop.signal]),
    log(entry) {
      // A resumed training reports its last step again.
      while ((logs.at(-1)?.step ?? -1) >= entry.step) logs.pop();
      logs.push(entry);
      job.emit({ type: 'train', runId, strategy, seed, log: entry });
    },
    rows(cut) {
      rows = cut;
    },
    probe(probe) {
      // A resumed training samples again at the step it continues from.
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
        const files = await attempt(train);
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
