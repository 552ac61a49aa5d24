/** The section of report.md on process-aware distillation. */
import { baselineNames, type PadReport, type PadRewardModel, type PadRun } from '../records/padRecords';
import { percent, table } from './markdownTable';
import { fallingReward, hackingText, sweepSentence } from './padWords';

const three = (value: number | null): string => (value === null ? '-' : value.toFixed(3));

function rewardModelPart(rewardModel: PadRewardModel, models: readonly PadRewardModel[]): string[] {
  const { auc, n, traceAuc, brier, baselines, bestOfN, labels } = rewardModel;
  const { good, bad, soft, ownSampleTokens = 0, continuationTokens = 0 } = labels;
  const counted = good === undefined ? '' : ` (${good} good, ${bad ?? 0} bad, ${soft ?? 0} between)`;
  const sampled = ownSampleTokens + continuationTokens;
  const parts = [
    `Reward model: step AUC ${three(auc)} on ${n} steps of held-out questions (trace AUC ${three(traceAuc)}, Brier score ${three(brier)}); ` +
      `trained on ${labels.judged} steps${counted} labelled by ${labels.kind === 'exact' ? `the exact checker${labels.afterError === 'bad' ? ', all after the first error as wrong' : ', each in itself'}` : 'continuations'}` +
      `${sampled > 0 ? `; ${sampled} tokens were generated for it beside the debate` : ''}. ` +
      `Baselines that do no arithmetic: position ${three(baselines.position)}, operator ${three(baselines.operator)}, answer only ${three(baselines.answerOnly)}.`,
    table(
      ['Written by', 'Trained on', 'Steps', 'Step AUC', 'Position', 'Operator', 'Answer only'],
      rewardModel.byAgent.map((row) => [
        row.agent,
        row.trained ? 'yes' : 'no',
        String(row.n),
        three(row.auc),
        ...baselineNames.map((name) => three(row.baselines?.[name] ?? null)),
      ]),
    ),
  ];
  if (bestOfN) {
    parts.push(
      `Picking one of ${bestOfN.n} traces on ${bestOfN.questions} questions: one at random ${percent(bestOfN.single)}, vote ${percent(bestOfN.vote)}, ` +
        `the reward model's pick ${percent(bestOfN.rewardModel)}, any right ${percent(bestOfN.oracle)}.`,
    );
  }
  if (models.length > 1) {
    parts.push(`Step AUC by seed: ${models.map((model) => three(model.auc)).join(', ')}.`);
  }
  return parts;
}

function runRow(run: PadRun): string[] {
  const first = run.evaluations[0];
  const last = run.evaluations.at(-1);
  return [
    run.strategy,
    String(run.seed),
    run.reward,
    run.lr === undefined ? '-' : String(run.lr),
    run.questions ? `${run.questions.practised} (${run.questions.learnt} trained on before)` : '-',
    String(run.samples),
    String(run.generatedTokens),
    first ? percent(first.accuracy) : '-',
    last ? percent(last.accuracy) : '-',
    run.stopped ? `reward hacking at update ${run.stopped.step}` : 'its last update',
  ];
}

/** Blocks of Markdown, the heading first. */
export function padMarkdown(pad: PadReport): readonly string[] {
  return [
    '## Process-aware distillation',
    ...(pad.rewardModel
      ? rewardModelPart(pad.rewardModel, pad.rewardModels)
      : ['Only the answer was rewarded.']),
    table(
      ['Training', 'Seed', 'Reward', 'Learning rate', 'Questions', 'Samples', 'Tokens', 'Held out, before', 'After', 'Ended by'], // prettier-ignore
      pad.runs.map(runRow),
    ),
    ...pad.runs.flatMap((run) => {
      const fell = fallingReward(run);
      return [
        hackingText(run),
        fell && `Falling reward in ${run.strategy}, seed ${run.seed}. ${fell}`,
        sweepSentence(run),
      ].filter((text) => text !== null);
    }),
  ];
}
