/**
 * Group RL on the second answer (SCoRe, arXiv 2409.12917): the student checks answers that it gave as the stage before left it; a
 * corrected one earns a bonus, a spoilt one costs it.
 */
import { selfCheckMessages } from '../debate/prompts';
import type { RlQuestion } from '../distil/pad/rollout';
import { endsInLabel } from '../distil/labels';
import { groupedBy } from '../core/groupedBy';
import { firstAnswers, practisedQuestions } from './correctStage';
import { groupRlStage, rlQuestion } from './groupRlStage';
import type { Job } from './job';
import type { StageHooks } from './supervisedStage';

/** Answers of each validation question that are checked: the greedy one and one at temperature 1. */
const heldOutSamples = 1;

/** `judged`: the job whose questions have the label for a right answer; what is stored is held against the right answer itself. */
export async function secondTurnStage(
  job: Job,
  judged: Job,
  { strategy, after }: { readonly strategy: string; readonly after: string | null },
  seed: number,
  { onStep, onNote }: StageHooks,
): Promise<boolean> {
  const { config, studentStyle: style } = job;
  const asked = async (split: 'train' | 'validation', samples: number): Promise<RlQuestion[][]> => {
    const all = judged.questions.filter((question) => question.split === split);
    const labelled = split === 'train' ? practisedQuestions(job, strategy, all) : all;
    const ids = new Set(labelled.map(({ id }) => id));
    const questions = job.questions.filter(({ id }) => ids.has(id));
    const turns = await firstAnswers(job, { after, seed, questions, samples }, onNote);
    const answers = groupedBy(turns, ({ questionId }) => questionId);
    return labelled.map((question) =>
      (answers.get(question.id) ?? []).map((turn, i) => {
        const messages = selfCheckMessages({ style, question, own: turn.reply });
        return {
          ...rlQuestion(question, messages),
          id: `${question.id}/${i}`,
          first: endsInLabel(question, question.gold, turn, 'consensus'),
        };
      }),
    );
  };
  const practised = await asked('train', config.correct.samples);
  // The samples of a group answer one question, after one or another of its first answers.
  const questions = practised.flatMap(([first, ...others]) => (first ? [{ ...first, others }] : []));
  const heldOut = (await asked('validation', heldOutSamples)).flat();
  return groupRlStage(
    job,
    { strategy, after, seed },
    {
      questions,
      heldOut,
      judge: null,
      reward: 'verifiable',
      updates: config.correct.rlUpdates,
      mendBonus: config.correct.bonus,
      learnt: questions.length,
    },
    onStep,
  );
}
