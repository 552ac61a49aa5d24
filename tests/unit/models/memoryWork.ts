/** What an agent and a student do in a run, small, with the peak of the backend's own ledger beside the planner's figure. */
import type { Backend } from '../../../src/compute/ops';
import type { FileSource } from '../../../src/core/fileSource';
import { Generator } from '../../../src/lm/generate';
import { loadModel, unloadModel } from '../../../src/lm/load';
import {
  cacheMemory,
  generationBytes,
  trainingMemory,
  weightBytes,
  type Sizer,
} from '../../../src/models/engineMemory';
import { readModelShape } from '../../../src/models/readModelShape';
import { defaultTrainOptions } from '../../../src/train/options';
import { trainExamples } from '../../../src/train/trainer';
import { releaseAdapter } from '../../../src/lm/adapter';

export interface Measured {
  readonly planned: number;
  readonly peak: number;
}

export interface Work {
  readonly sequences: number;
  readonly prompt: number;
  readonly reply: number;
  /** null: no training. */
  readonly training: { readonly batch: number; readonly length: number; readonly response: number } | null;
}

/** Loads the model, answers `sequences` prompts at once, then trains; the ledger counts from an empty backend. */
export async function runWork(
  backend: Backend,
  source: FileSource,
  sizer: Sizer,
  work: Work,
): Promise<Measured> {
  const { sequences, prompt, reply, training } = work;
  const rank = 16;
  const shape = await readModelShape(source);
  backend.ledger.resetPeak();
  const model = await loadModel(source, backend);
  const generator = new Generator(model, null);
  await generator.generate(
    Array.from({ length: sequences }, (_, i) => ({
      // Prompts that share no block.
      promptIds: Array.from({ length: prompt }, (_unused, t) => (i + t) % model.config.vocab),
      sampling: { temperature: 1, topP: 1, seed: i, maxTokens: reply },
    })),
  );
  const cache = cacheMemory(shape, sizer, { sequences, prompt, reply });
  let planned = weightBytes(shape, sizer) + generationBytes(shape, sizer) + cache.bytes + cache.spare;
  let longest = prompt + reply;
  if (training) {
    const { batch, length, response } = training;
    const examples = Array.from({ length: 2 * batch }, (_, i) => ({
      ids: Array.from({ length }, (_unused, t) => (i + t) % model.config.vocab),
      responseStart: length - response,
    }));
    const { adapter } = await trainExamples({
      model,
      examples,
      options: { ...defaultTrainOptions, steps: 2, batch, lora: { ...defaultTrainOptions.lora, rank } },
    });
    releaseAdapter(backend, adapter);
    const rows = batch * (length - 1);
    const parts = trainingMemory(shape, sizer, { rank, rows, targets: batch * response });
    planned += parts.adapter + parts.optimiser + parts.activations;
    longest = Math.max(longest, length);
  }
  planned += sizer.scratch(shape, longest, training ? rank : 0);
  await generator.dispose();
  unloadModel(model);
  return { planned, peak: backend.ledger.peak };
}
