import type { Dataset, Question } from '../records/records';
import { stagesOf, type StrategyStageKind } from '../settings/strategy';
import type { Control, Strategy } from '../settings/table';
import { answerOnly, goldSft, selfConsistencyTraces, wrongTraces } from './controls';
import { correct } from './correct';
import { da } from './da';
import { rewardDataset } from './rewardTraces';
import { rsft } from './rsft';
import { singleTeacher } from './singleTeacher';
import { Dropped, makeDataset, type DistillInput } from './source';

const datasets: Readonly<Record<StrategyStageKind, (input: DistillInput) => Dataset>> = {
  rsft: (input) => rsft(input),
  da: (input) => da(input),
  pad: (input) => rewardDataset(input),
  // What the debate alone gives: the student's own answers come once it has learned so far (job/correctStage.ts).
  correct: (input) => correct({ ...input, own: [], check: () => [] }, { from: 'debate', ratio: 1 }),
  rl: () => makeDataset('rl', [], new Dropped()),
};

/**
 * The dataset of each stage of a strategy, in the order in which the student is trained: RSFT and DA learn to write
 * their traces, PAD's are the traces that its reward model learns to judge.
 */
export function strategyDatasets(strategy: Strategy, input: DistillInput): readonly Dataset[] {
  return stagesOf(strategy).map(({ kind }) => datasets[kind](input));
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
    case 'single-teacher':
      return singleTeacher(input);
    case 'equal-steps':
      return { ...rsft(input), strategy: control };
    default:
      return control satisfies never;
  }
}
