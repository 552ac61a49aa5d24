/** report.md: the same figures as report.json as tables and sentences. */
import { parseReport } from '../records/reportSchema';
import { dataFigures, dataNotes, kindRows } from './dataWords';
import { droppedText } from './droppedWords';
import { fellShort } from './armBudget';
import { firstVotes } from './firstVote';
import { selfCorrectionMarkdown } from './selfCorrectionWords';
import { seedSummaries } from './seeds';
import type { AgentInfo, ArmResult, PairResult, Report } from '../records/records';
import { percent, points, pointsInterval, table } from './markdownTable';
import { formatP } from './numbers';
import { overlapMarkdown } from './overlapWords';
import { padMarkdown } from './padMarkdown';
import { shareKept, standing } from './verdict';
import { verdictSentences } from './words';

const figures =
  'Right and accuracy are the verdict, which reads answers as a careful person would. Strict-match (the first "#### number") and ' +
  "flexible-extract (the last number) are lm-evaluation-harness's GSM8K filters, for comparison with published figures; on options " +
  'and words, which they do not read, they stand for the line after "####" and for the verdict.';

function armTable(arms: readonly ArmResult[]): string {
  // Where nobody thought the table is without the column.
  const thought = arms.some(({ thoughtTokensPerQuestion }) => thoughtTokensPerQuestion !== undefined);
  return table(
    [
      'Arm',
      'Right',
      'Accuracy',
      '95 % interval',
      'Strict-match',
      'Flexible-extract',
      'Tokens/question',
      ...(thought ? ['Of these, thoughts'] : []),
      'Prompt tokens',
      'Seconds/question',
      'Tied votes',
      'Samples/question',
    ],
    arms.map((arm) => [
      arm.name,
      `${arm.correct} of ${arm.n}`,
      percent(arm.accuracy),
      `${(100 * arm.ci[0]).toFixed(1)} to ${(100 * arm.ci[1]).toFixed(1)}`,
      percent(arm.strict.accuracy),
      arm.flexible ? percent(arm.flexible.accuracy) : '-',
      arm.tokensPerQuestion.toFixed(1),
      ...(thought ? [(arm.thoughtTokensPerQuestion ?? 0).toFixed(1)] : []),
      arm.promptTokensPerQuestion.toFixed(1),
      // A debate that was imported carries no clock values.
      arm.secondsPerQuestion === 0 ? 'unknown' : arm.secondsPerQuestion.toPrecision(2),
      arm.ties ? percent(arm.ties.share) : '-',
      arm.budget ? `${arm.budget.samples.toFixed(1)}${fellShort(arm) ? ' (short)' : ''}` : '-',
    ]),
  );
}

function pairTable(pairs: readonly PairResult[], n: number): string {
  return table(
    [
      'Pair',
      'Difference (points)',
      '95 % interval',
      'a only / b only',
      'McNemar p',
      'After Holm',
      'Minimum detectable effect',
      'Verdict',
    ],
    pairs.map((pair) => [
      `${pair.a} - ${pair.b}`,
      points(pair.difference),
      pointsInterval(pair.ci),
      `${pair.aOnly} / ${pair.bOnly}`,
      formatP(pair.mcnemarP),
      pair.adjusted === undefined ? '-' : formatP(pair.adjusted),
      pair.aOnly + pair.bOnly === 0 ? '-' : (100 * pair.detectable).toFixed(1),
      standing(pair, n).replace('-', ' '),
    ]),
  );
}

function datasetTable(report: Report): string {
  return table(
    ['Dataset', 'Kept', 'Dropped', 'Rows cut / dropped by length'],
    Object.entries(report.datasets).map(([name, { kept, dropped, rows }]) => [
      name,
      String(kept),
      droppedText(dropped) || 'none',
      rows ? `${rows.cut} / ${rows.dropped}` : '-',
    ]),
  );
}

const part = (count: number, of: number): string => (of === 0 ? '-' : percent(count / of));

/** What the traces of each dataset are like, before the filters and after them, and what its labels are worth. */
function auditTable(report: Report): readonly string[] {
  const audited = Object.entries(report.datasets).flatMap(([name, { audit }]) =>
    audit ? [{ name, audit }] : [],
  );
  if (audited.length === 0) return [];
  const kinds = kindRows.filter(({ key }) => key !== 'traces');
  return [
    'Traces that end in their label, and of these the shares by kind; "kept" is the training data.',
    table(
      [
        'Dataset',
        'Labels',
        'Labelled',
        'Labels right',
        'Traces',
        ...kinds.flatMap(({ name }) => [name, 'Kept']),
      ],
      audited.map(({ name, audit }) => [
        name,
        audit.labels,
        `${audit.labelled} of ${audit.questions}`,
        audit.labels === 'none' ? '-' : part(audit.right, audit.known),
        `${audit.accepted.traces}, kept ${audit.kept.traces}`,
        ...kinds.flatMap(({ key }) => [
          part(audit.accepted[key], audit.accepted.traces),
          part(audit.kept[key], audit.kept.traces),
        ]),
      ]),
    ),
  ];
}

/** What there was to learn from, as it was known before the training. */
function dataParts({ data, config }: Report): readonly string[] {
  if (!data) return [];
  return [
    '### Known before the training',
    dataNotes(data, config.stepFilter !== 'off')
      .map(({ text }) => text)
      .join(' '),
    table(
      ['Figure', 'Value'],
      dataFigures(data).map(({ name, value }) => [name, value]),
    ),
  ];
}

function settings(report: Report): string {
  return Object.entries(report.config)
    .map(([name, value]) => {
      const list: readonly unknown[] = Array.isArray(value) ? value : [value];
      const words = list.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
      return `- ${name}: ${words.join(', ') || 'none'}`;
    })
    .join('\n');
}

/** Which agents answered in the debate, and which other machines it took. */
function agentTable(agents: readonly AgentInfo[], hosts: readonly string[]): string {
  const rows = agents.map(({ agent, model, backend, persona, temperature, topP, seed }) => [
    String(agent + 1),
    model,
    backend,
    persona ?? '-',
    String(temperature),
    String(topP),
    String(seed),
  ]);
  const contacted =
    hosts.length === 0 ? 'No other host was contacted.' : `Hosts contacted: ${hosts.join(', ')}.`;
  const head = ['Agent', 'Model', 'Backend', 'Persona', 'Temperature', 'Top-p', 'Seed'];
  return `${table(head, rows)}\n\n${contacted}`;
}

/** The whole report as Markdown. Throws ImportError where it is no report: it may have come from a file. */
export function reportMarkdown(input: Report): string {
  const report = parseReport(input);
  const { environment, gainKept } = report;
  const parts = ['# Comparison', ...verdictSentences(report), '## Arms', figures, armTable(report.arms)];
  const { chosen, agentBy } = report;
  if (chosen && chosen.validation.length > 0) {
    const told = chosen.validation.map(({ name, n, correct }) => `${name} ${correct} of ${n}`).join(', ');
    parts.push(`Right on the validation questions, which chose ${chosen.strategy}: ${told}.`);
  }
  if (agentBy === 'first')
    parts.push('There were no validation questions: the single agents are the first, not the best.');
  if (gainKept && shareKept(report)) {
    parts.push(
      `Performance gap recovered (PGR) by ${gainKept.strategy} of ${gainKept.ensemble}: ${gainKept.value.toFixed(2)} [${gainKept.ci[0].toFixed(2)}, ${gainKept.ci[1].toFixed(2)}]`,
    );
  }
  parts.push(
    '## Pairs',
    "Differences are accuracy(a) - accuracy(b) on the same questions, with a paired bootstrap (10,000 resamples) and McNemar's mid-p. " +
      (report.primary
        ? `Named before the run: ${report.primary.a} - ${report.primary.b} (SHA-256 ${report.primary.hash}); the p of all others is corrected by Holm over the contrasts of their split. `
        : 'No contrast was named before the run. ') +
      '"Above" and "below" need an interval on one side of 0 and p < 0.05, after Holm where that is given. ' +
      '"not below" means that the lower bound is above -2 points; the minimum detectable effect is the smallest difference found with 80 % power ("-" where no answer differs).',
    pairTable(report.pairs, report.arms[0]?.n ?? 0),
  );
  const first = firstVotes(report);
  if (first.length > 0)
    parts.push(
      '## The debate and its own first vote',
      table(
        [
          'Questions',
          'First vote',
          'After the debate',
          'Difference (points)',
          '95 % interval',
          'McNemar p',
          'After Holm',
        ],
        first.map((row) => [
          row.split,
          percent(row.first.accuracy),
          percent(row.debate.accuracy),
          points(row.pair.difference),
          pointsInterval(row.pair.ci),
          formatP(row.pair.mcnemarP),
          row.pair.adjusted === undefined ? '-' : formatP(row.pair.adjusted),
        ]),
      ),
    );
  const summaries = seedSummaries(report);
  if (summaries.length > 0) {
    parts.push(
      '## Seeds',
      table(
        ['Arm', 'Seeds', 'Mean', 'Lowest', 'Highest'],
        summaries.map((row) => [
          row.name,
          String(row.seeds),
          percent(row.mean),
          percent(row.lo),
          percent(row.hi),
        ]),
      ),
    );
  }
  for (const [title, other] of [
    ['Out of distribution', report.ood],
    ['Perturbed (renamed entities and a distractor sentence)', report.robust],
    ...(report.evalSets ?? []).map((set) => [`${set.name} (${set.file ?? 'built in'})`, set] as const),
  ] as const) {
    if (other) parts.push(`## ${title}`, armTable(other.arms), pairTable(other.pairs, other.arms[0]?.n ?? 0));
  }
  if (report.selfCorrection.length > 0)
    parts.push('## Self-correction', ...selfCorrectionMarkdown(report.selfCorrection));
  if (report.pad) parts.push(...padMarkdown(report.pad));
  parts.push(
    '## Data',
    Object.entries(report.splits)
      .map(([split, count]) => `- ${split}: ${count} questions`)
      .join('\n'),
    ...(report.overlap ? [overlapMarkdown(report.overlap)] : []),
    ...dataParts(report),
    datasetTable(report),
    ...auditTable(report),
    ...(report.agents ? ['## Agents', agentTable(report.agents, report.hosts ?? [])] : []),
    '## Settings',
    settings(report),
    '## Environment',
    `Arklet ${environment.arklet}, ${environment.backend} on ${environment.device}, threads: ${environment.threads}, browser: ${environment.userAgent}. Seconds by phase: ` +
      (Object.entries(report.timings)
        .map(([phase, seconds]) => `${phase} ${seconds.toFixed(1)}`)
        .join(', ') || 'none'),
  );
  return `${parts.join('\n\n')}\n`;
}
