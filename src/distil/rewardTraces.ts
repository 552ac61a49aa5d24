/** Training data of the process reward model: every generated trace, right or wrong, with labels for its steps. */
import { evalProtocol } from '../records/evalProtocol';
import type { Dataset, Question, Trace, Turn } from '../records/records';
import { exactLabels, type ExactLabelOptions, type StepLabel } from './pad/labels';
import { cleanTraces } from './cleanTraces';
import { relabelled } from './labels';
import type { LabelledTrace } from './pad/rewardData';
import { Dropped, makeDataset, spokenTurns, turnsByQuestion, type DistillInput } from './source';

/** Protocol of the student's own samples. */
export const ownProtocol = evalProtocol('pad-student');

/** A trace before its steps are labelled, with the turn that it is. */
export interface UnlabelledTrace {
  /** Names it among all traces of a run. */
  readonly key: string;
  readonly question: Question;
  readonly turn: Turn;
}

/** The generated turns on the input's questions; without `dropped` nothing is counted. */
export function spokenTraces(
  input: Pick<DistillInput, 'questions' | 'turns' | 'protocol' | 'heldOutAgents'>,
  dropped = new Dropped(),
): UnlabelledTrace[] {
  const turns = turnsByQuestion(input);
  return input.questions.flatMap((question) => {
    const spoken = spokenTurns(turns.get(question.id) ?? [], dropped);
    const kept = spoken.filter(({ agent }) => input.heldOutAgents?.has(agent) !== true);
    dropped.add('held-out-agent', spoken.length - kept.length);
    return kept.map((turn) => ({
      key: `${question.id}/${turn.protocol}/${turn.round}/${turn.agent}`,
      question,
      turn,
    }));
  });
}

/** Labels by the task's checker, one a step; all null where the text computes nothing. */
export function checkedLabels(
  { question, turn }: UnlabelledTrace,
  options: Pick<ExactLabelOptions, 'splitter' | 'afterFirstError'>,
): StepLabel[] {
  const { solution } = question;
  return exactLabels(turn.reply.trim(), { ...options, ...(solution !== undefined && { solution }) });
}

export function labelledTrace(
  input: Pick<DistillInput, 'prompt'>,
  { question, turn }: UnlabelledTrace,
  labels: readonly StepLabel[],
): LabelledTrace {
  return {
    questionId: question.id,
    agent: turn.protocol === ownProtocol ? 'student' : `${turn.model}#${turn.agent}`,
    messages: input.prompt(question),
    reply: turn.reply.trim(),
    correct: turn.correct,
    answer: turn.answer,
    labels,
  };
}

/**
 * The same traces as a dataset, for counting and reading: a trace counts once, whatever its verdict. A question that has no label,
 * or without labels no right answer and no consensus, is rewarded by nothing and left out.
 */
export function rewardDataset(input: DistillInput): Dataset {
  const dropped = new Dropped();
  const { questions } = relabelled(input.questions, input.turns, input.protocol, input);
  const rewarded = new Set(questions.map(({ id }) => id));
  const without = input.questions.filter(({ id }) => !rewarded.has(id));
  dropped.add('unlabelled-question', without.length);
  dropped.add('unlabelled-trace', spokenTraces({ ...input, questions: without }, dropped).length);
  const traces: Trace[] = spokenTraces({ ...input, questions }, dropped).map(({ question, turn }) => ({
    questionId: question.id,
    messages: input.prompt(question),
    target: turn.reply.trim(),
    source: [{ round: turn.round, agent: turn.agent }],
    corrective: false,
  }));
  // The filters of RSFT tell what the debate's right traces are like; the reward model learns from those that they remove too.
  const { audit } = cleanTraces(input, new Dropped());
  return makeDataset('pad', traces, dropped, { ...audit, kept: audit.accepted });
}
