/** One rollout: a group of samples for each question, their verdicts and step scores. */
import { ConfigError, throwIfAborted } from '../../core/errors';
import type { AnswerType, Message } from '../../records/records';
import { hashKey } from '../../core/rng';
import type { Generator } from '../../lm/generate';
import type { LoraAdapter, Tokenizer } from '../../lm/types';
import { isCorrect, parseAnswer } from '../../tasks/answers';
import { softMinimum, type CreditSample } from './credit';
import type { OffendingSample } from './hacking';
import type { RewardModel, ScoredStep } from './rewardModel';
import type { GroupRlOptions } from './rlOptions';
import { splitReply } from './textSteps';

export interface RlQuestion {
  readonly id: string;
  readonly messages: readonly Message[];
  readonly gold: string;
  readonly answerType: AnswerType;
  /** Texts of a multiple choice. */
  readonly options?: readonly string[];
  /** The messages hold a first answer that is to be checked: whether it is right. */
  readonly first?: boolean;
  /** The same question after other first answers: the samples of its group go round all of them. */
  readonly others?: readonly RlQuestion[];
}

export interface PolicySample {
  readonly question: RlQuestion;
  readonly promptIds: readonly number[];
  readonly ids: readonly number[];
  readonly text: string;
  /** The sampler's log-probabilities at temperature 1. */
  readonly logprobs: readonly number[];
  readonly answer: string | null;
  readonly correct: boolean;
  readonly truncated: boolean;
  /** Share of steps that repeat an earlier one. */
  readonly repetition: number;
  readonly steps: readonly ScoredStep[];
  /** Reward without any penalty: process credit and verdict as the mode has them. */
  readonly credit: CreditSample;
}

export interface RolloutRequest {
  readonly generator: Generator;
  readonly tokenizer: Tokenizer;
  readonly adapter: LoraAdapter;
  readonly rewardModel: RewardModel | null;
  readonly options: GroupRlOptions;
  readonly signal?: AbortSignal | undefined;
}

/** Ids of a question's prompt. Throws ConfigError where no room is left for a reply, ModelError. */
export function promptOf(
  request: Pick<RolloutRequest, 'generator' | 'tokenizer'>,
  question: RlQuestion,
): number[] {
  const ids = request.tokenizer.chatIds(question.messages, { addGenerationPrompt: true });
  const { maxContext } = request.generator.model;
  if (ids.length >= maxContext)
    throw new ConfigError(
      `Question ${question.id} has ${ids.length} prompt tokens; the context is ${maxContext}.`,
      'Leave it out, or use a student with a longer context.',
    );
  return ids;
}

/** Samples and judges the groups, question by question. `place` is the first question's place in the whole training. */
export async function sampleGroups(
  request: RolloutRequest,
  questions: readonly RlQuestion[],
  place: number,
): Promise<PolicySample[][]> {
  const { generator, adapter, rewardModel, options, signal } = request;
  const { samples, temperature, maxTokens, seed, reward } = options;
  const drawn = questions.flatMap((group, slot) => {
    const asked = [group, ...(group.others ?? [])].map((question) => ({
      question,
      promptIds: promptOf(request, question),
    }));
    return Array.from({ length: samples }, (_, sample) => ({
      ...asked[sample % asked.length]!,
      sampling: {
        temperature,
        topP: 1,
        maxTokens,
        seed: hashKey('policy', seed, group.id, place + slot, sample),
      },
    }));
  });
  const results = await generator.generate(drawn, { adapter, ...(signal && { signal }) });
  throwIfAborted(signal);
  const items = results.map(({ ids, text }, i) => ({
    promptIds: drawn[i]!.promptIds,
    replyIds: ids,
    reply: text,
  }));
  const scores = rewardModel && reward !== 'verifiable' ? await rewardModel.scoreIds(items, signal) : null;
  const judged = results.map((result, i): PolicySample => {
    const { question, promptIds } = drawn[i]!;
    const answer = parseAnswer(result.text, question.answerType, question.options);
    const correct = isCorrect(answer, question.gold, question.answerType);
    const scored = scores?.[i] ?? [];
    const steps = options.guards.repetition ? guarded(scored) : scored;
    const outcome = reward === 'process' ? 0 : verdictReward(correct, question.first, options.mendBonus);
    return {
      question,
      promptIds,
      ids: result.ids,
      text: result.text,
      logprobs: result.logprobs,
      answer,
      correct,
      truncated: result.finishReason === 'length',
      repetition: repeatedShare(result.text),
      steps,
      credit: creditOf(result.ids.length, scores ? steps : null, outcome, options),
    };
  });
  return questions.map((_, slot) => judged.slice(slot * samples, (slot + 1) * samples));
}

/** 1 for a right answer; after a first answer also the bonus times what the second one made better or worse (SCoRe's shaping). */
export function verdictReward(correct: boolean, first: boolean | undefined, bonus: number): number {
  return Number(correct) + (first === undefined ? 0 : bonus * (Number(correct) - Number(first)));
}

const plain = (text: string): string => text.replace(/\s+/g, ' ').toLowerCase();

/** A step that repeats an earlier one counts as certainly bad. */
function guarded(steps: readonly ScoredStep[]): ScoredStep[] {
  const seen = new Set<string>();
  return steps.map((step) => {
    const again = seen.has(plain(step.text));
    seen.add(plain(step.text));
    return again ? { ...step, good: 0 } : step;
  });
}

/** Share of sentences that repeat an earlier one. */
function repeatedShare(text: string): number {
  const sentences = splitReply(text, 'sentence').map((step) => plain(step.text));
  return sentences.length === 0 ? 0 : 1 - new Set(sentences).size / sentences.length;
}

/** Soft-minimum credit at the steps' last tokens. A reply without any step is one bad step. */
function creditOf(
  tokens: number,
  scored: readonly ScoredStep[] | null,
  outcome: number,
  { processWeight, softMinTemperature }: GroupRlOptions,
): CreditSample {
  if (!scored) return { tokens, steps: [], outcome };
  if (scored.length === 0)
    return { tokens, steps: [{ credit: -processWeight, token: tokens - 1, tokens }], outcome };
  const credits = softMinimum(
    scored.map(({ good }) => 2 * good - 1),
    softMinTemperature,
  );
  const steps = scored.map((step, i) => ({
    credit: processWeight * (credits[i] ?? 0),
    token: step.token,
    tokens: step.tokens,
  }));
  return { tokens, steps, outcome };
}

/** Shares of second answers that correct a wrong first one, and that spoil a right one; nothing where none is checked. */
export function secondAnswers(samples: readonly PolicySample[]): Record<string, number> {
  if (samples.every(({ question }) => question.first === undefined)) return {};
  const became = (first: boolean, now: boolean): number =>
    samples.filter(({ question, correct }) => question.first === first && correct === now).length /
    samples.length;
  return { 'rewards/corrected/mean': became(false, true), 'rewards/spoilt/mean': became(true, false) };
}

/** Which questions are answered rightly, greedily and with the adapter as it is. Throws InterruptedError. */
export async function greedyVerdicts(
  request: Pick<RolloutRequest, 'generator' | 'tokenizer' | 'adapter' | 'options' | 'signal'>,
  questions: readonly RlQuestion[],
): Promise<boolean[]> {
  const { generator, adapter, options, signal } = request;
  const sampling = { temperature: 0, topP: 1, maxTokens: options.maxTokens, seed: 0 };
  const results = await generator.generate(
    questions.map((question) => ({ promptIds: promptOf(request, question), sampling })),
    { adapter, ...(signal && { signal }) },
  );
  throwIfAborted(signal);
  return results.map(({ text }, i) => {
    const { gold, answerType, options: texts } = questions[i]!;
    return isCorrect(parseAnswer(text, answerType, texts), gold, answerType);
  });
}

/** The wrong samples with the highest rewards. */
export function offenders(
  samples: readonly { readonly sample: PolicySample; readonly reward: number }[],
  most = 8,
): OffendingSample[] {
  return samples
    .filter(({ sample }) => !sample.correct)
    .sort((a, b) => b.reward - a.reward)
    .slice(0, most)
    .map(({ sample, reward }) => ({
      questionId: sample.question.id,
      reply: sample.text,
      answer: sample.answer,
      gold: sample.question.gold,
      reward,
      steps: sample.steps,
    }));
}
