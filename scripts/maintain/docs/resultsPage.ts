/** docs/results.md and the figures of the README, from the committed results. `npm run docs` writes both. */
import { debateSections, earlierSections } from './debateResults';
import type { Spread } from '../../prove/hypotheses.mjs';
import { deviceSections } from './deviceResults';
import { machineSection } from './machineResults';
import { otherSections } from './otherResults';
import { padSections } from './padResults';
import { arm, pair, type Results, type RunResult } from './results';
import { scalingSection } from './scalingResults';
import { specialistSection } from './specialistResults';
import { change, percent } from './words';
import { gap, level } from './spreads';
import { fewQuestionsContrast, studentSections } from './studentResults';
import { accuracyOf, worthSection, type Worth } from './worthResults';

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
  return `${[
    ...opening,
    ...worthSection(results),
    ...scalingSection(results),
    ...studentSections(results),
    ...debateSections(results),
    ...specialistSection(results),
    ...otherSections(results),
    ...deviceSections(results),
    ...machineSection(results),
    ...earlier,
    ...earlierSections(results),
    ...padSections(results),
  ].join('\n\n')}\n`;
}

const marks = { start: '<!-- figures: npm run docs -->', end: '<!-- /figures -->' };

/** Before the sections on agents that are not bundled any more. */
const earlier = [
  '# Earlier agents',
  'What follows was measured on the first bundled agents (commit 02f7776), whose gaps held in half of their chains only: greedy decoding ' +
    'and votes closed them, and presets exchanged fewer times. The same commands give other figures today.',
];

/** Over five seeds, where that was measured. */
function worthRows(worth: Worth, few: Spread | null): readonly string[] {
  const at = (name: string): string => level(accuracyOf(worth, name));
  return [
    `- **${at('base')} to ${at('distilled:rsft')}**: the bundled student before and after RSFT on a debate of three agents, one greedy pass each (mean of five seeds, 400 questions each).`,
    `- **${gap(worth.studentOverAgent)} points** over the best agent at the same decoding (${at('single-greedy')}); a vote at the debate's prompt and generated tokens gets ${at('vote-equal-total-tokens')}, the debate ${at('debate')}.`,
    `- **${gap(worth.goldContrast)} points** over RSFT on independent samples of the same agents${few ? ` (with 200 training questions instead of 800 ${gap(few)})` : ''}; **${gap(worth.consensusContrast)}** where the labels are the agents' own majority and no right answer is used.`,
    `- With three copies of one agent the debate gains nothing: minus its own first vote ${gap(worth.fullOverlap.debateGain)}; its student is ${gap(worth.fullOverlap.studentOverAgent)} over the agent.`,
  ];
}

/** One seed of preset quick. */
function quickRows(run: RunResult): readonly string[] {
  const at = (name: string): string => percent(arm(run, name).accuracy);
  const student = 'distilled:rsft';
  return [
    `- **${at('base')} to ${at(student)}**: the bundled student before and after RSFT on a debate of three agents, one greedy pass each (preset quick, n = ${arm(run, student).n}, one seed).`,
    `- **${change(pair(run, student, 'single-greedy'))} points** over the best agent at the same decoding (${at('single-greedy')}); a vote at the debate's prompt and generated tokens gets ${at('vote-equal-total-tokens')}, the debate ${at('debate')}.`,
    `- **${change(pair(run, student, 'control:self-consistency'))} points** over RSFT on independent samples of the same agents (named before the run).`,
  ];
}

/** The README's figures: what a student gained, and what it did not. */
export function headline(results: Results): string {
  const smollm2 = results.read<RunResult>('smollm2').result;
  const rows = [
    ...(results.has('debate')
      ? worthRows(results.read<Worth>('debate').result, fewQuestionsContrast(results))
      : quickRows(results.read<RunResult>('quick').result)),
    '- The agents are made to need each other: each never gets one kind of step right. How much real models do is not shown.',
    `- **${change(pair(smollm2, 'distilled:rsft', 'base'))} points** for SmolLM2-135M taught by its own votes (n = ${arm(smollm2, 'base').n}); not shown to be above answer-only training (${change(pair(smollm2, 'distilled:rsft', 'control:answer-only'))}).`,
  ];
  return [marks.start, ...rows, marks.end].join('\n');
}

/** The README with today's figures in their place. */
export function withHeadline(readme: string, results: Results): string {
  const [start, end] = [readme.indexOf(marks.start), readme.indexOf(marks.end)];
  if (start < 0 || end < start) throw new Error('README.md has no place for its figures.');
  return readme.slice(0, start) + headline(results) + readme.slice(end + marks.end.length);
}
