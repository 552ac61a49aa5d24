/** What the training sets of other tools are made of: a run's questions and turns, judged as the run's own labels say. */
import { groupedBy } from '../core/groupedBy';
import { hashKey } from '../core/rng';
import { turnMessages } from '../debate/prompts';
import { relabelled } from '../distil/labels';
import { spokenTraces } from '../distil/rewardTraces';
import { isExcluded, type DistillInput } from '../distil/source';
import { isEvaluation } from '../records/evalProtocol';
import type { Message, PromptStyle, Question, Turn } from '../records/records';
import type { RunArchive } from '../records/runRecords';
import { bundled } from '../specs/engine';

/** Of a run, what exports read. */
export type ExportedRun = Pick<RunArchive, 'run' | 'questions' | 'turns' | 'datasets' | 'report'>;

/** Splits that training sets may hold: nothing of a test set or of an evaluation set ever stands in one. */
export const trainingSplits = ['train', 'validation'] as const;
export type TrainingSplit = (typeof trainingSplits)[number];

/** A question with a right answer by the run's labels, and what was said about it, oldest first. */
export interface Answered {
  readonly question: Question;
  /** The question alone, as the student is asked. */
  readonly prompt: readonly Message[];
  /** Failed and empty turns and those taken out by hand left out; thoughts taken off. */
  readonly turns: readonly Turn[];
}

/** How the run's student is asked: as its recorded answers were. */
export function studentStyle({ run, turns }: ExportedRun): PromptStyle {
  const own = turns.find(({ protocol, style }) => isEvaluation(protocol) && style !== undefined);
  return own?.style ?? (run.config.student === bundled ? 'compact' : 'natural');
}

/** What RSFT would be given for one split's questions. */
export function distilInput(archive: ExportedRun, split: TrainingSplit): DistillInput {
  const { config } = archive.run;
  const style = studentStyle(archive);
  return {
    questions: archive.questions.filter((question) => question.split === split),
    turns: archive.turns,
    protocol: config.protocol,
    prompt: (question) => turnMessages({ style, question, own: [], peers: [] }),
    seed: hashKey(config.seed, 'distil', 0),
    labels: config.labels,
    minAgreement: config.minAgreement,
    stepFilter: config.stepFilter,
    peerMentions: config.peerMentions,
    tracesPerQuestion: config.tracesPerQuestion,
    thoughts: config.trainThoughts,
    exclude: new Set(config.exclude),
  };
}

/** Questions of a split that have a right answer by the run's labels; `without` counts the others. */
export function answeredQuestions(
  archive: ExportedRun,
  split: TrainingSplit,
): { readonly answered: readonly Answered[]; readonly without: number } {
  const input = distilInput(archive, split);
  const judged = relabelled(input.questions, input.turns, input.protocol, input);
  const known = judged.questions.filter(({ gold }) => gold !== '');
  const spoken = groupedBy(
    spokenTraces({ ...input, ...judged }).filter(({ turn }) => !isExcluded(input, turn)),
    ({ question }) => question.id,
  );
  const answered = known.map((question) => ({
    question,
    prompt: input.prompt(question),
    turns: (spoken.get(question.id) ?? []).map(({ turn }) => turn),
  }));
  return { answered, without: input.questions.length - known.length };
}

/** Who wrote a turn: an agent of a debate, or the model that was sampled. */
export function writerOf({ protocol, agent, model }: Turn): string {
  return protocol === 'debate' ? String(agent) : model;
}
