/** Training data of the process reward model: every generated trace, right or wrong, with labels for its steps. */
import { evalProtocol } from '../records/evalProtocol';
import type { Dataset, Question, Trace, Turn } from '../records/records';
import { exactLabels, type ExactLabelOptions, type StepLabel } from './pad/labels';
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

/** The same traces as a dataset, for counting and reading: a trace counts once, whatever its verdict. */
export function rewardDataset(input: DistillInput): Dataset {
  const dropped = new Dropped();
  const traces: Trace[] = spokenTraces(input, dropped).map(({ question, turn }) => ({
    questionId: question.id,
    messages: input.prompt(question),
    target: turn.reply.trim(),
    source: [{ round: turn.round, agent: turn.agent }],
    corrective: false,
  }));
  return makeDataset('pad', traces, dropped);
}
