/**
 * Trains a process reward model: cross-entropy on judged steps (and optionally the contrastive term) through the head
 * on the host, its gradient injected at the final norm's output and carried into the LoRA by the device's backward.
 */
import { ConfigError } from '../../core/errors';
import { filesSource } from '../../core/fileSource';
import type { TrainLog } from '../../records/trainLog';
import { createAdapter, releaseAdapter } from '../../lm/adapter';
import { loadAdapter } from '../../train/adapterFiles';
import { tuneTraining } from '../../train/tuning';
import { documentOfText, type LabelledTrace, type StepDocument } from './rewardData';
import type { RewardMetrics } from './rewardMetrics';
import { writeRewardModel, type RewardModelFiles } from './rewardModel';
import { kind, RewardRun, type TrainDocument } from './rewardRun';
import { checkRewardOptions } from './rewardOptions';
import type { RewardTrainRequest } from './rewardRun';

export interface RewardTrainResult {
  readonly files: RewardModelFiles;
  /** On the held-out traces. */
  readonly metrics: RewardMetrics;
  /** Of the steps of this call. */
  readonly logs: readonly TrainLog[];
}

function trainDocument(trace: LabelledTrace, document: StepDocument): TrainDocument | null {
  if (trace.labels.length < document.steps.length)
    throw new ConfigError(
      `A trace of ${document.steps.length} steps has ${trace.labels.length} labels.`,
      'Label it with the splitter that trains.',
    );
  const labels = new Map<number, number>();
  document.placeOf.forEach((place, step) => {
    const label = trace.labels[step] ?? null;
    if (label !== null) labels.set(place, Math.min(label, labels.get(place) ?? 1));
  });
  const judged = document.places.flatMap((place, i) => {
    const label = labels.get(i);
    return label === undefined ? [] : [{ place, label }];
  });
  const last = judged.at(-1);
  if (!last) return null;
  return {
    ids: document.ids.slice(0, last.place + 1),
    places: judged.map(({ place }) => place),
    labels: judged.map(({ label }) => label),
    agent: trace.agent,
  };
}

/**
 * Trains, measures on the held-out traces and gives the files. Throws ConfigError, InterruptedError (a checkpoint was
 * handed out), TrainingError when it diverges, OutOfMemoryError, DeviceLostError. Nothing stays allocated.
 */
export async function trainRewardModel(request: RewardTrainRequest): Promise<RewardTrainResult> {
  const { model, tokenizer, options, traces, owner = kind } = request;
  checkRewardOptions(options);
  const documents = traces.flatMap((trace) => {
    const document = documentOfText(tokenizer, trace, options.splitter, model.maxContext);
    return trainDocument(trace, document) ?? [];
  });
  if (documents.length === 0)
    throw new ConfigError('No trace has a judged step.', 'Give traces with labels for their steps.');
  const adapter = request.init
    ? await loadAdapter(model, filesSource(request.init, 'the first stage'), { owner })
    : createAdapter(model, options.lora, { seed: options.seed, owner });
  let run: RewardRun | null = null;
  try {
    if (request.tuning && !request.resume) {
      const examples = documents.map(({ ids }) => ({ ids, responseStart: 1 }));
      await tuneTraining(model, examples, options, request.tuning, request.signal);
    }
    run = new RewardRun(request, documents, adapter, owner);
    await run.start();
    const logs = await run.go();
    const { head } = run;
    const metrics = await run.measure();
    const files = await writeRewardModel(
      { model, adapter, head: head.params, splitter: options.splitter },
      request.baseName ?? 'student',
    );
    return { files, metrics, logs };
  } finally {
    run?.dispose();
    releaseAdapter(model.backend, adapter);
  }
}
