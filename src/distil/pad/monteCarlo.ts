/**
 * Monte-Carlo labels where a task has no step checker (Math-Shepherd, arXiv 2312.08935): from the prefix up to each
 * step's end k continuations are drawn; the share that ends right is the soft label.
 */
import type { ContinuationRecord } from '../../records/padRecords';
import { throwIfAborted } from '../../core/errors';
import type { Gate } from '../../core/gate';
import type { AnswerType, Message } from '../../records/records';
import { hashKey } from '../../core/rng';
import { Generator } from '../../lm/generate';
import type { LanguageModel, LoraAdapter, Tokenizer } from '../../lm/types';
import { isCorrect, parseAnswer } from '../../tasks/answers';
import type { StepLabel } from './labels';
import { tokenSteps } from './steps';
import type { Splitter } from './textSteps';

export interface ContinuationTrace {
  /** Names the trace in the records. */
  readonly key: string;
  readonly messages: readonly Message[];
  readonly reply: string;
  readonly gold: string;
  readonly answerType: AnswerType;
  readonly options?: readonly string[];
}

export interface MonteCarloRequest {
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
  readonly adapter: LoraAdapter | null;
  readonly traces: readonly ContinuationTrace[];
  readonly splitter: Splitter;
  /** Continuations a step. */
  readonly k: number;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly gate?: Gate;
  /** Records of an earlier part; their steps are not drawn again. */
  readonly done?: readonly ContinuationRecord[];
  onRecord?(record: ContinuationRecord): void;
  readonly owner?: string;
}

/**
 * Continues every step of every trace k times, the steps of a trace in one batch with their shared prefix. The last
 * step is not continued when the trace ends there: its own verdict stands. A record depends on seed, trace and step
 * alone. Throws InterruptedError (records handed out so far stay valid), TokenError, OutOfMemoryError, DeviceLostError.
 */
export async function monteCarloLabels(request: MonteCarloRequest): Promise<ContinuationRecord[]> {
  const { model, tokenizer, adapter, traces, signal, gate, done = [], onRecord } = request;
  const known = new Map(done.map((record) => [`${record.traceKey} ${record.step}`, record]));
  const records: ContinuationRecord[] = [];
  const generator = new Generator(model, tokenizer, { owner: request.owner ?? 'monte carlo' });
  try {
    for (const trace of traces) {
      throwIfAborted(signal);
      await gate?.pass(signal);
      const made = await continueTrace(request, generator, adapter, trace, known);
      throwIfAborted(signal);
      for (const record of made) {
        records.push(record);
        if (!known.has(`${record.traceKey} ${record.step}`)) onRecord?.(record);
      }
    }
    return records;
  } finally {
    await generator.dispose();
  }
}

async function continueTrace(
  request: MonteCarloRequest,
  generator: Generator,
  adapter: LoraAdapter | null,
  trace: ContinuationTrace,
  known: ReadonlyMap<string, ContinuationRecord>,
): Promise<ContinuationRecord[]> {
  const { tokenizer, splitter, k, temperature, maxTokens, seed, signal } = request;
  const prompt = tokenizer.chatIds(trace.messages, { addGenerationPrompt: true });
  const ids = tokenizer.encode(trace.reply, { addSpecial: false });
  const steps = tokenSteps(tokenizer, ids, trace.reply, splitter);
  const right = (text: string): boolean =>
    isCorrect(parseAnswer(text, trace.answerType, trace.options), trace.gold, trace.answerType);
  return Promise.all(
    steps.map(async (step, index) => {
      const old = known.get(`${trace.key} ${index}`);
      if (old) return old;
      if (index === steps.length - 1) {
        const ended = right(trace.reply) ? k : 0;
        return { traceKey: trace.key, step: index, right: ended, total: k, tokens: 0 };
      }
      const prefix = ids.slice(0, step.token + 1);
      const results = await generator.generate(
        Array.from({ length: k }, (_, sample) => ({
          promptIds: [...prompt, ...prefix],
          sampling: {
            temperature,
            topP: 1,
            maxTokens,
            seed: hashKey('continuation', seed, trace.key, index, sample),
          },
        })),
        { adapter, ...(signal && { signal }) },
      );
      const before = tokenizer.decode(prefix, { skipSpecial: true });
      return {
        traceKey: trace.key,
        step: index,
        right: results.filter(({ text }) => right(`${before} ${text}`)).length,
        total: k,
        tokens: results.reduce((sum, result) => sum + result.ids.length, 0),
      };
    }),
  );
}

/** The labels of one trace: the share that ended right, or (hard) whether any did. */
export function continuationLabels(
  records: readonly ContinuationRecord[],
  traceKey: string,
  kind: 'soft' | 'hard',
): StepLabel[] {
  const own = records.filter((record) => record.traceKey === traceKey);
  const labels: StepLabel[] = Array.from(
    { length: Math.max(-1, ...own.map(({ step }) => step)) + 1 },
    () => null,
  );
  for (const { step, right, total } of own)
    labels[step] = total === 0 ? null : kind === 'soft' ? right / total : Number(right > 0);
  return labels;
}
