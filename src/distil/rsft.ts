import type { Dataset, Trace } from '../records/records';
import { hashKey, RandomStream } from '../core/rng';
import { candidates, Dropped, makeDataset, traceOf, turnsByQuestion, type DistillInput } from './source';

/** RSFT (docs/method.md section 3): for each question one correct trace, uniform among the correct ones. */
export function rsft(input: DistillInput, strategy = 'rsft'): Dataset {
  const dropped = new Dropped();
  const turns = turnsByQuestion(input);
  const traces: Trace[] = [];
  for (const question of input.questions) {
    const fit = candidates(turns.get(question.id) ?? [], input, dropped);
    if (fit.length === 0) {
      dropped.add('no-correct-trace');
      continue;
    }
    const chosen = new RandomStream(hashKey(input.seed, strategy, question.id)).pick(fit);
    dropped.add('correct-not-drawn', fit.length - 1);
    traces.push(traceOf(input, question, chosen));
  }
  return makeDataset(strategy, traces, dropped);
}
