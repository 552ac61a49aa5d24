/**
 * A process reward model in use: the student's backbone with its own LoRA, and a head [2, hidden] over the final norm's
 * output at each step's last token. Kept as one record of files: a PEFT folder beside reward_head.safetensors.
 */
import * as v from 'valibot';
import { FileFormatError, throwIfAborted } from '../../core/errors';
import { filesSource } from '../../core/fileSource';
import type { Message } from '../../records/records';
import { releaseAdapter } from '../../lm/adapter';
import { readHeader, writeSafetensors } from '../../lm/safetensors';
import type { LanguageModel, LoraAdapter, Tokenizer } from '../../lm/types';
import { yieldToEvents } from '../../lm/yieldToEvents';
import { loadAdapter, writePeft } from '../../train/adapterFiles';
import { Backprop } from '../../train/backprop';
import { packRows } from '../../train/batch';
import { documentOfText, inPasses, stepDocument, type StepDocument } from './rewardData';
import { scoreRows } from './rewardHead';
import type { TokenStep } from './steps';
import { splitters, type Splitter } from './textSteps';

export const headFile = 'reward_head.safetensors';

/** A step with p(good); its reward is 2 p - 1. */
export interface ScoredStep extends TokenStep {
  readonly good: number;
}

/** PEFT files and the head by name. */
export type RewardModelFiles = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;

export interface RewardModelParts {
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
  readonly adapter: LoraAdapter;
  /** [2, hidden], rows bad and good. */
  readonly head: Float32Array;
  readonly splitter: Splitter;
  readonly owner: string;
  /** Most token rows of one pass. Default 4096. */
  readonly rowsPerPass?: number;
}

/** Scores steps. `dispose` frees the adapter too, unless keepAdapter is set. */
export class RewardModel {
  readonly splitter: Splitter;
  readonly #parts: RewardModelParts;
  readonly #backprop: Backprop;

  constructor(parts: RewardModelParts) {
    this.#parts = parts;
    this.splitter = parts.splitter;
    this.#backprop = new Backprop(parts.model, parts.adapter, { owner: parts.owner, forwardOnly: true });
  }

  /** Scores of recorded texts, one list a trace in the splitter's order. Throws InterruptedError, ImportError. */
  async scoreTexts(
    items: readonly { readonly messages: readonly Message[]; readonly reply: string }[],
    signal?: AbortSignal,
  ): Promise<ScoredStep[][]> {
    const { model, tokenizer } = this.#parts;
    const documents = items.map((item) => documentOfText(tokenizer, item, this.splitter, model.maxContext));
    return this.scoreDocuments(documents, signal);
  }

  /** Scores of replies by their own ids, as a policy has just sampled them. */
  async scoreIds(
    items: readonly {
      readonly promptIds: readonly number[];
      readonly replyIds: readonly number[];
      readonly reply: string;
    }[],
    signal?: AbortSignal,
  ): Promise<ScoredStep[][]> {
    const { model, tokenizer } = this.#parts;
    const documents = items.map((item) => stepDocument(tokenizer, item, this.splitter, model.maxContext));
    return this.scoreDocuments(documents, signal);
  }

  async scoreDocuments(documents: readonly StepDocument[], signal?: AbortSignal): Promise<ScoredStep[][]> {
    const { model, head, rowsPerPass = 4096 } = this.#parts;
    const { hidden } = model.config;
    const scores = new Map<StepDocument, number[]>();
    const scored = documents.filter(({ places }) => places.length > 0);
    for (const part of inPasses(scored, rowsPerPass, ({ ids }) => ids.length)) {
      await yieldToEvents();
      throwIfAborted(signal);
      const batch = packRows(part);
      this.#backprop.forward(batch);
      const final = await model.backend.read(this.#backprop.final, 0, batch.targets.length * hidden);
      const good = scoreRows(final, head, hidden);
      part.forEach((document, i) => {
        scores.set(document, good.slice(batch.targetStarts[i], batch.targetStarts[i + 1]));
      });
    }
    return documents.map((document) =>
      document.steps.map((step, i) => ({
        ...step,
        good: scores.get(document)?.[document.placeOf[i] ?? 0] ?? 0,
      })),
    );
  }

  dispose(options: { readonly keepAdapter?: boolean } = {}): void {
    this.#backprop.dispose();
    if (options.keepAdapter !== true) releaseAdapter(this.#parts.model.backend, this.#parts.adapter);
  }
}

const metadataSchema = v.object({ splitter: v.picklist(splitters) });

/** The files of a reward model. */
export async function writeRewardModel(
  parts: Pick<RewardModelParts, 'model' | 'adapter' | 'head' | 'splitter'>,
  baseModel: string,
): Promise<RewardModelFiles> {
  const { model, adapter, head, splitter } = parts;
  const files = await writePeft(model.backend, adapter, baseModel);
  const tensor = { name: 'score.weight', dtype: 'F32' as const, shape: [2, model.config.hidden], data: head };
  return {
    ...Object.fromEntries(files),
    [headFile]: writeSafetensors([tensor], { splitter, classes: 'bad,good' }),
  };
}

/** A reward model from its files. Throws FileFormatError, ModelError, OutOfMemoryError. */
export async function loadRewardModel(request: {
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly owner?: string;
}): Promise<RewardModel> {
  const { model, tokenizer, files, owner = 'reward model' } = request;
  const source = filesSource(files, owner);
  const hint = 'Train the reward model again.';
  if (!(await source.has(headFile))) throw new FileFormatError(`The reward model has no ${headFile}.`, hint);
  const { tensors, metadata } = await readHeader(source, headFile);
  const entry = tensors.get('score.weight');
  const settings = v.safeParse(metadataSchema, metadata);
  const { hidden } = model.config;
  if (entry?.dtype !== 'F32' || entry.shape[0] !== 2 || entry.shape[1] !== hidden || !settings.success)
    throw new FileFormatError(`${headFile} holds no head [2, ${hidden}] with its splitter.`, hint);
  const bytes = await source.read(headFile, entry.start, entry.end);
  const head = new Float32Array(bytes.slice().buffer);
  const adapter = await loadAdapter(model, source, { owner });
  return new RewardModel({ model, tokenizer, adapter, head, splitter: settings.output.splitter, owner });
}
