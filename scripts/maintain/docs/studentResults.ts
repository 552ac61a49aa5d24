/** Sections of docs/results.md on what students learn from the debates: clean traces, self-correction, PAD after RSFT, transfer. */
import {
  cleanTracesBounds,
  fewQuestions,
  fewQuestionsBounds,
  padAfterRsftBounds,
  selfCorrection,
  selfCorrectionBounds,
  type Spread,
} from '../../prove/hypotheses.mjs';
import type { Environment, SelfCorrection } from '../../../src/records/records';
import type { Results } from './results';
import { boundsTable, gap, level, range } from './spreads';
import { deviceOf, duration, origin, table } from './words';

interface Made {
  readonly environment: Environment;
  readonly runs: readonly { readonly command: string; readonly seconds: number }[];
}

interface Few extends Made {
  readonly accuracy: Readonly<Record<string, Spread>>;
  readonly goldContrast: Spread;
  readonly studentOverAgent: Spread;
}

interface Traces extends Made {
  readonly daMinusRsft: Spread;
  readonly wrongStepShare: Spread;
  readonly unfiltered: { readonly daMinusRsft: Spread; readonly wrongStepShare: Spread };
  readonly filterGain: Readonly<Record<string, Spread>>;
}

interface Correction extends Made {
  readonly sampled: Spread;
  readonly greedy: Spread;
  readonly control: Spread;
  readonly arms: Readonly<
    Record<string, { readonly accuracy: Spread; readonly greedy: Spread; readonly sampled: Spread }>
  >;
  readonly counts: readonly (readonly SelfCorrection[])[];
}

interface AfterRsft extends Made {
  readonly difference: Spread;
  readonly accuracy: Readonly<Record<string, Spread>>;
  readonly rewardModels: readonly (number | null)[];
}

interface Transfer extends Made {
  readonly sets: Readonly<Record<string, Readonly<Record<string, Spread>>>>;
}

/** Title, command and device of a demonstration, then its figures; nothing where it was not run. */
function section<T extends Made>(
  results: Results,
  name: string,
  title: string,
  what: string,
  figures: (result: T) => readonly string[],
): readonly string[] {
  if (!results.has(name)) return [];
  const read = results.read<T>(name);
  const { runs, environment } = read.result;
  const last = runs.at(-1);
  const seconds = runs.reduce((sum, run) => sum + run.seconds, 0);
  return [
    `## ${title}`,
    origin(read, {
      command: last?.command ?? '',
      what: `${what}; ${runs.length} runs${seconds > 0 ? ` in ${duration(seconds)}` : ''}`,
      device: deviceOf(environment),
    }),
    ...figures(read.result),
  ];
}

/** Counts of an arm over all seeds, by the temperature of the first answer. */
function counted(counts: Correction['counts'], arm: string, temperature: number): readonly [number, number] {
  const rows = counts.flatMap((seed) =>
    seed.filter((row) => row.arm === arm && (row.temperature ?? 0) === temperature),
  );
  return [
    rows.reduce((sum, { wrongToRight }) => sum + wrongToRight, 0),
    rows.reduce((sum, { rightToWrong }) => sum + rightToWrong, 0),
  ];
}

/** Why a check cannot gain on greedy answers: they are mostly right, so few are left to mend. */
function greedyCause(counts: Correction['counts'], arm: string): string {
  const rows = counts.flatMap((seed) =>
    seed.filter((row) => row.arm === arm && (row.temperature ?? 0) === 0),
  );
  const [all, right] = [
    rows.reduce((sum, { n }) => sum + n, 0),
    rows.reduce((sum, { before }) => sum + before, 0),
  ];
  const [mended, spoilt] = counted(counts, arm, 0);
  const [wrong, share] = [all - right, (part: number, of: number) => ((100 * part) / of).toFixed(1)];
  return (
    `Why greedy answers lose: ${right} of ${all} are right before the check. Of the ${wrong} wrong ones it mends ${share(mended, wrong)} %, of the ` +
    `right ones it spoils ${share(spoilt, right)} %; to lose nothing it might spoil ${share(mended, right)} %. At temperature 1 more answers are wrong, ` +
    'and wrong by chance rather than for want of knowing better.'
  );
}

const accuracies = (accuracy: Readonly<Record<string, Spread>>): string =>
  table(
    ['arm', 'accuracy'],
    Object.entries(accuracy).map(([arm, spread]) => [`\`${arm}\``, range(spread)]),
  );

const setNames: Readonly<Record<string, string>> = {
  test: 'test questions',
  ood: 'unseen words, one more step',
  robust: 'renamed entities, a distractor',
  steps: 'steps that no training question holds',
  vehicles: 'another family of problems (vehicles)',
  money: 'another family of problems (money)',
};

/** RSFT on the debate minus RSFT on self-consistency with few training questions; null where it was not run. */
export function fewQuestionsContrast(results: Results): Spread | null {
  return results.has('few-questions') ? results.read<Few>('few-questions').result.goldContrast : null;
}

export function studentSections(results: Results): string[] {
  const shared = 'on the debates of `debate` (800 training, 400 test questions a seed)';
  return [
    ...section<Few>(
      results,
      'few-questions',
      'With few training questions',
      `${fewQuestions.seeds.length} further seeds, each its own ${fewQuestions.questions} training and 400 test questions, debate and training`,
      (result) => [
        'Predicted after `debate` had come to its gold contrast at 800 questions, on seeds that were not looked at before.',
        boundsTable(fewQuestionsBounds(result)),
        accuracies(result.accuracy),
      ],
    ),
    ...section<Traces>(results, 'clean-traces', 'Clean traces', shared, (result) => [
      boundsTable(cleanTracesBounds(result)),
      table(
        ['', 'with the step filter', 'without'],
        [
          [
            'kept traces with a wrong step',
            level(result.wrongStepShare),
            level(result.unfiltered.wrongStepShare),
          ],
          ['DA minus RSFT', gap(result.daMinusRsft), gap(result.unfiltered.daMinusRsft)],
        ],
      ),
      `With the filter minus without it: ${Object.entries(result.filterGain)
        .map(([arm, spread]) => `\`${arm}\` ${gap(spread)}`)
        .join(', ')}.`,
    ]),
    ...section<Correction>(results, 'self-correction', 'Self-correction', shared, (result) => [
      'Right after the check minus right before, in points. Mended and spoilt answers are summed over the seeds. The last row was trained ' +
        'for as many further steps on RSFT’s own rows.',
      boundsTable(selfCorrectionBounds(result)),
      table(
        [
          'arm',
          'accuracy',
          'greedy: after - before',
          'mended, spoilt',
          'temperature 1: after - before',
          'mended, spoilt',
        ],
        Object.entries(result.arms).map(([arm, row]) => [
          `\`${arm}\``,
          range(row.accuracy),
          gap(row.greedy),
          counted(result.counts, arm, 0).join(', '),
          gap(row.sampled),
          counted(result.counts, arm, 1).join(', '),
        ]),
      ),
      greedyCause(result.counts, selfCorrection.arm),
    ]),
    ...section<AfterRsft>(results, 'pad-after-rsft', 'PAD after RSFT', shared, (result) => [
      boundsTable(padAfterRsftBounds(result.difference)),
      accuracies(result.accuracy),
      'PAD starts from the very RSFT that it is compared with and practises on 200 generated problems that nobody debated (`--rl-extra-questions 200`). ' +
        'With a tenth of the training questions kept for RL instead, so that RSFT before PAD learns from fewer, the same five seeds gave −0.2 [−3.8, 3.3]: ' +
        'two RSFT trainings on unlike questions differ by more than PAD adds. ' +
        `By seed: ${result.difference.values.map((value) => value.toFixed(1)).join(' ')}. Step AUC of the reward models: ${result.rewardModels
          .map((auc) => auc?.toFixed(3) ?? '–')
          .join(' ')}.`,
    ]),
    ...section<Transfer>(
      results,
      'transfer',
      'Transfer and robustness',
      '3 seeds, each its own 800 training questions and 200 of each set (400 test questions); nothing was written down before',
      ({ sets }) => {
        const arms = [
          'base',
          'single-greedy',
          'debate',
          'distilled:rsft',
          'distilled:da',
          'control:self-consistency',
        ];
        return [
          table(
            ['set', ...arms.map((arm) => `\`${arm}\``)],
            Object.entries(sets).map(([set, spreads]) => [
              setNames[set] ?? set,
              ...arms.map((arm) => {
                const spread = spreads[arm];
                return spread ? range(spread) : '–';
              }),
            ]),
          ),
        ];
      },
    ),
  ];
}
