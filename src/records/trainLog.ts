/** One optimiser step, named as TRL names it. */
export interface TrainLog {
  readonly step: number;
  readonly loss: number;
  readonly grad_norm: number;
  readonly learning_rate: number;
  readonly num_tokens: number;
  readonly epoch: number;
  readonly eval_loss?: number;
  readonly [metric: string]: number | undefined;
}

/** An answer of the student, part way through its training, to one of the held-out questions it is asked every few steps. */
export interface EvalSampleAnswer {
  readonly questionId: string;
  readonly reply: string;
  readonly answer: string | null;
  readonly correct: boolean;
}

/** The student's answers to the probe questions after `step` optimiser steps; step 0 is before training. */
export interface EvalSamples {
  readonly step: number;
  readonly answers: readonly EvalSampleAnswer[];
}
