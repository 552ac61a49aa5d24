/** docs/results.md and the figures of the README, from the committed results. `npm run docs` writes both. */
import { debateSections, type Greedy } from './debateResults';
import { otherSections } from './otherResults';
import { padSections } from './padResults';
import { arm, pair, unpaired, type Results, type RunResult } from './results';
import { change, count, percent } from './words';

const opening = [
  '# Results',
  'Every figure that this project claims, written by `npm run docs` from the committed results; a test holds the page to them.',
  'Accuracies are by the verdict on held-out questions with 95 % Wilson intervals; differences are in points with paired-bootstrap ' +
    'intervals over the same questions, unless a line says otherwise ([method.md](method.md#4-evaluation)). Names of arms are those of ' +
    '`report.json` ([contracts.md](contracts.md#arms)). Where several trainings were made, tables show the first seed and the text the mean and range.',
  'No real GPU was at hand for what stands here: "software WebGPU" is SwiftShader, real WebGPU on the CPU. Speeds on a GPU are not known. ' +
    'Where other work ran on the machine, seconds are an upper bound.',
];

export function resultsPage(results: Results): string {
  return `${[...opening, ...debateSections(results), ...padSections(results), ...otherSections(results)].join('\n\n')}\n`;
}

const marks = { start: '<!-- figures: npm run docs -->', end: '<!-- /figures -->' };

/** The README's figures: what a student gained, and what it did not. */
export function headline(results: Results): string {
  const run = results.read<RunResult>('full').result;
  const alone = results.read<Greedy>('single-greedy').result.full;
  const student = arm(run, 'distilled:rsft');
  const [greedy, vote] = [arm(alone, 'single-greedy'), arm(alone, 'vote:3')];
  const smollm2 = results.read<RunResult>('smollm2').result;
  const n = count(student.n);
  const [ood, oodAlone] = [run.ood, alone.ood];
  if (!ood || !oodAlone) throw new Error('The results have no questions out of distribution.');
  const rows = [
    `- **${percent(arm(run, 'base').accuracy)} to ${percent(student.accuracy)}**: the bundled student before and after RSFT on a debate of five agents (${change(pair(run, 'distilled:rsft', 'base'))} points, n = ${n}, ${count(student.tokensPerQuestion)} tokens a question).`,
    `- **${percent(greedy.accuracy)}**: one agent alone, decoded greedily as the student is; ${change(unpaired(greedy, student))} points above the student (unpaired interval). So no gain from the debate is shown: agents are sampled at temperature 1, the student is decoded greedily.`,
    `- **${percent(arm(run, 'debate').accuracy)} against ${percent(arm(run, 'vote-equal-tokens').accuracy)}**: the debate and a vote of independent answers at the same tokens (${change(pair(run, 'debate', 'vote-equal-tokens'))}); a greedy vote of three agents gets ${percent(vote.accuracy)}.`,
    `- **${change(pair(smollm2, 'distilled:rsft', 'base'))} points** for SmolLM2-135M taught by its own votes (n = ${arm(smollm2, 'base').n}); not shown to be above answer-only training (${change(pair(smollm2, 'distilled:rsft', 'control:answer-only'))}).`,
  ];
  const unlike = `Unseen words and one more step (n = ${arm(ood, 'base').n}): student ${percent(arm(ood, 'distilled:rsft').accuracy)}, debate ${percent(arm(ood, 'debate').accuracy)}, one greedy agent ${percent(arm(oodAlone, 'single-greedy').accuracy)}. Models of this size do not generalise.`;
  return [marks.start, ...rows, '', unlike, marks.end].join('\n');
}

/** The README with today's figures in their place. */
export function withHeadline(readme: string, results: Results): string {
  const [start, end] = [readme.indexOf(marks.start), readme.indexOf(marks.end)];
  if (start < 0 || end < start) throw new Error('README.md has no place for its figures.');
  return readme.slice(0, start) + headline(results) + readme.slice(end + marks.end.length);
}
