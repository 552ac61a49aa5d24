/**
 * Several steps of a batch between two reads: the device chooses tokens, and the next step embeds what the last one chose. Which
 * tokens those are depends neither on how many steps there are nor on the other rows.
 */
import type { Backend, Tensor } from '../../compute/ops';
import {
  canSample,
  decodeChoice,
  drawWords,
  encodeDraw,
  needsLists,
  resultWords,
  samplingScratch,
  type RowChoice,
  type RowDraw,
} from '../../compute/sampling/rowDraws';
import { uniform } from '../../core/rng';
import type { Sampling } from '../../records/records';
import type { LanguageModel } from '../types';

/** Most steps between two reads. */
export const mostSteps = 8;

/** What a row of logits is wanted for. */
export interface Ask {
  readonly sampling: Sampling;
  /** Tokens that the reply has. */
  readonly index: number;
  /** Position of the row, and where its keys and values and those of the positions after it are kept. */
  readonly position: number;
  readonly slotOf: (position: number) => number;
  /** Row of the block table. */
  readonly row: number;
  /** Tokens wanted, from 1. */
  readonly steps: number;
  /** The host chooses the only one. */
  readonly byHost: boolean;
}

export interface Answer {
  readonly chosen: readonly Pick<RowChoice, 'id' | 'logprob'>[];
  /** Of the token after those, where the host has to choose it and they are at hand. */
  readonly logits: Float32Array | null;
}

/** A step after the first: its rows, and what they are embedded and attend by. */
export interface NextRows {
  readonly rows: number;
  readonly ids: Tensor;
  readonly positions: Tensor;
  readonly places: Uint32Array;
  readonly slots: Tensor;
  readonly sequences: Tensor;
}

const round64 = (n: number) => Math.ceil(n / 64) * 64;

/** Options that the device does not know: top-k and min-p. */
export const onlyByHost = ({ topK = 0, minP = 0 }: Sampling): boolean => topK > 0 || minP > 0;

/** Whether tokens of this model are chosen by its device. */
export const samplesOnDevice = ({ backend, config }: LanguageModel): boolean =>
  backend.samples && canSample(config.vocab);

export class Chain {
  readonly #backend: Backend;
  readonly #vocab: number;
  readonly #held: Tensor[] = [];
  readonly #stride: number;
  readonly #drawStride: number;
  /** Of each step after the first positions | slots | sequences, and the ids, which the device writes. */
  readonly #rows: Tensor;
  readonly #host: Uint32Array;
  readonly #parts: readonly (readonly [Tensor, Tensor, Tensor])[];
  readonly #ids: readonly Tensor[];
  readonly #draws: Tensor;
  readonly #drawHost: Uint32Array;
  readonly #drawsOf: readonly Tensor[];
  readonly #results: Tensor;
  readonly #summaries: Tensor;
  readonly #lists: Tensor;

  /** For up to `sequences` rows. Throws OutOfMemoryError with nothing left allocated. */
  constructor({ backend, config }: LanguageModel, sequences: number, owner: string) {
    this.#backend = backend;
    this.#vocab = config.vocab;
    const make = (size: number, label: string): Tensor => {
      const tensor = backend.tensor([size], { owner, label, dtype: 'u32' });
      this.#held.push(tensor);
      return tensor;
    };
    const stride = (this.#stride = round64(sequences));
    const drawStride = (this.#drawStride = round64(sequences * drawWords));
    this.#host = new Uint32Array(3 * mostSteps * stride);
    this.#drawHost = new Uint32Array(mostSteps * drawStride);
    const { summaries, lists } = samplingScratch(sequences, config.vocab);
    const steps = Array.from({ length: mostSteps }, (_, step) => step);
    try {
      this.#rows = make(this.#host.length, 'rows of later steps');
      const ids = make(mostSteps * stride, 'chosen ids');
      this.#draws = make(this.#drawHost.length, 'draws');
      this.#results = make(mostSteps * sequences * resultWords, 'chosen tokens');
      this.#summaries = make(summaries, 'chunks of logits');
      this.#lists = make(lists, 'likeliest tokens');
      const part = (at: number): Tensor => backend.view(this.#rows, at * stride, [stride]);
      this.#parts = steps.map((step) => [part(3 * step), part(3 * step + 1), part(3 * step + 2)]);
      this.#ids = steps.map((step) => backend.view(ids, step * stride, [stride]));
      this.#drawsOf = steps.map((step) => backend.view(this.#draws, step * drawStride, [drawStride]));
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /**
   * Answers all asks. The logits of their first rows are recorded; `record` records those of a later step, from the same tensor's
   * beginning.
   */
  async run(asks: readonly Ask[], logits: Tensor, record: (step: NextRows) => void): Promise<Answer[]> {
    const backend = this.#backend;
    const vocab = this.#vocab;
    const steps = Math.max(...asks.map((ask) => ask.steps));
    const indices = asks.map((_, i) => i);
    /** The asks that have a row in each step. */
    const rowsOf = Array.from({ length: steps }, (_, k) => indices.filter((i) => asks[i]!.steps > k));
    const lists = rowsOf.map((rows, k) => this.#fill(asks, rows, rowsOf[k + 1] ?? [], k));
    backend.write(this.#draws, this.#drawHost.subarray(0, steps * this.#drawStride));
    if (steps > 1) backend.write(this.#rows, this.#host.subarray(0, 3 * steps * this.#stride));
    const rowLogits = (row: number): Promise<Float32Array> => backend.read(logits, row * vocab, vocab);
    const answers: { chosen: RowChoice[]; logits: Float32Array | null }[] = asks.map(() => ({
      chosen: [],
      logits: null,
    }));
    const reads: Promise<unknown>[] = [];
    const keep = async (i: number, row: number): Promise<void> => {
      answers[i]!.logits = await rowLogits(row);
    };
    let first = 0;
    rowsOf.forEach(({ length: rows }, k) => {
      const [positions, slots, sequences] = this.#parts[k]!;
      const from = 3 * k * this.#stride;
      const places = this.#host.subarray(from, from + rows);
      if (k > 0) record({ rows, ids: this.#ids[k]!, positions, places, slots, sequences });
      backend.sampleRows({
        ...{
          logits,
          draws: this.#drawsOf[k]!,
          next: this.#ids[(k + 1) % mostSteps]!,
          results: this.#results,
        },
        ...{ first, rows, vocab, summaries: this.#summaries },
        ...(lists[k] ? { lists: this.#lists } : {}),
      });
      if (k === 0) asks.forEach((ask, i) => ask.byHost && reads.push(keep(i, i)));
      first += rows;
    });
    reads.push(
      backend.readU32(this.#results, 0, first * resultWords).then((words) => {
        let at = 0;
        for (const rows of rowsOf) for (const i of rows) answers[i]!.chosen.push(decodeChoice(words, at++));
      }),
    );
    await Promise.all(reads);
    // What the device was not sure of: after the last step its logits are still there.
    const late: Promise<unknown>[] = [];
    for (const [i, answer] of answers.entries()) {
      const { byHost } = asks[i]!;
      const end = byHost ? 0 : answer.chosen.findIndex(({ settled }) => !settled);
      if (end < 0) continue;
      answer.chosen.length = end;
      if (end === steps - 1 && !byHost) late.push(keep(i, rowsOf[end]!.indexOf(i)));
    }
    await Promise.all(late);
    return answers;
  }

  /** Writes what the rows of a step are; returns whether it needs lists. */
  #fill(asks: readonly Ask[], rows: readonly number[], next: readonly number[], step: number): boolean {
    const stride = this.#stride;
    const draws = this.#drawHost.subarray(step * this.#drawStride, (step + 1) * this.#drawStride);
    let lists = false;
    rows.forEach((i, row) => {
      const { sampling, index, position, slotOf, row: sequence, byHost } = asks[i]!;
      const { temperature, topP, seed } = sampling;
      const follower = next.indexOf(i);
      const draw: RowDraw = {
        ...{ temperature, topP, byHost },
        uniform: temperature === 0 ? 0 : uniform(seed, index + step),
        next: follower < 0 ? null : follower,
      };
      encodeDraw(draws, row, draw);
      lists ||= needsLists(draw);
      const at = 3 * step * stride + row;
      this.#host[at] = position + step;
      this.#host[at + stride] = slotOf(position + step);
      this.#host[at + 2 * stride] = sequence;
    });
    return lists;
  }

  dispose(): void {
    this.#backend.release(...this.#held);
    this.#held.length = 0;
  }
}
