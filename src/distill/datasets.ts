import type { Dataset, Question } from '../records/records';
import type { Control, Strategy } from '../settings/table';
import { answerOnly, goldSft, selfConsistencyTraces, wrongTraces } from './controls';
import { da } from './da';
import { rewardDataset } from './rewardTraces';
import { rsft } from './rsft';
import type { DistillInput } from './source';

/**
 * The dataset of each stage of a strategy, in the order in which the student is trained: RSFT and DA learn to write
 * their traces, PAD's are the traces that its reward model learns to judge.
 */
export function strategyDatasets(strategy: Strategy, input: DistillInput): readonly Dataset[] {
  switch (strategy) {
    case 'rsft':
      return [rsft(input)];
    case 'da':
      return [da(input)];
    case 'rsft+da':
      return [rsft(input), da(input)];
    case 'pad':
      return [rewardDataset(input)];
    case 'rsft+pad':
      return [rsft(input), rewardDataset(input)];
    case 'da+pad':
      return [da(input), rewardDataset(input)];
    case 'pad+da':
      return [rewardDataset(input), da(input)];
    default:
      return strategy satisfies never;
  }
}

/** The dataset of a control. `answer` writes a question's bare answer in the student's format. */
export function controlDataset(
  control: Control,
  input: DistillInput,
  answer?: (question: Question) => string,
): Dataset {
  switch (control) {
    case 'answer-only':
      return answerOnly(input, answer);
    case 'gold-sft':
      return goldSft(input);
    case 'self-consistency':
      return selfConsistencyTraces(input);
    case 'wrong':
      return wrongTraces(input);
    default:
      return control satisfies never;
  }
}
