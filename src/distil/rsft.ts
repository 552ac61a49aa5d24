import type { Dataset } from '../records/records';
import { hashKey, RandomStream } from '../core/rng';
import { kindsOf } from './audit';
import { cleanTraces, type TaughtQuestion } from './cleanTraces';
import { Dropped, makeDataset, traceOf, type Candidate, type DistillInput } from './source';

/** A question with the trace that was drawn for it. */
export interface Drawn extends Pick<TaughtQuestion, 'question' | 'label'> {
  readonly candidate: Candidate;
}

/** For each question one clean trace that ends in its label, uniform among them. */
export function drawOne(
  input: DistillInput,
  strategy: string,
): { readonly drawn: readonly Drawn[]; readonly dataset: Dataset } {
  const dropped = new Dropped();
  const { taught, audit } = cleanTraces(input, dropped);
  const drawn = taught.flatMap(({ question, label, fit, without }): Drawn[] => {
    if (without) {
      dropped.add(without);
      return [];
    }
    const candidate = new RandomStream(hashKey(input.seed, strategy, question.id)).pick(fit);
    dropped.add('correct-not-drawn', fit.length - 1);
    return [{ question, label, candidate }];
  });
  const traces = drawn.map(({ question, candidate }) => traceOf(input, question, candidate));
  const kept = kindsOf(drawn.map(({ candidate }) => candidate));
  return { drawn, dataset: makeDataset(strategy, traces, dropped, { ...audit, kept }) };
}

/** RSFT (docs/method.md section 3): for each question one right and clean trace. */
export function rsft(input: DistillInput, strategy = 'rsft'): Dataset {
  return drawOne(input, strategy).dataset;
}
