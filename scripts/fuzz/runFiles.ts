/** Ways in for questions and runs: question files, trajectories, reports, archives. What is taken is used as the page uses it. */
import { gzipSync } from 'fflate';
import { judge } from '../../src/debate/judge';
import { reportMarkdown } from '../../src/eval/markdown';
import { importedDebate } from '../../src/library/importedDebate';
import { readArchive, storeArchive } from '../../src/library/storedRuns';
import { packArchive, unpackArchive } from '../../src/records/archiveFile';
import { parseArchive } from '../../src/records/archiveSchema';
import type { Report } from '../../src/records/records';
import type { RunArchive } from '../../src/records/runRecords';
import { trajectoriesJsonl } from '../../src/records/trajectories';
import { checkDisjoint, distinct, drawn } from '../../src/tasks/planQuestions';
import { readQuestionFile } from '../../src/tasks/readQuestionFile';
import { createMemoryStore } from '../../tests/support/memoryStore';
import { makeArchive } from '../../tests/ui/fixtures/archive';
import { makePadArchive } from '../../tests/ui/fixtures/padArchive';
import { readArchive as readPicked } from '../../src/ui/archiveFile';
import { bytesOf, joined, mutatedBytes, mutatedJson, mutatedText, writtenJson } from './mutations';
import type { Dice } from './dice';
import type { Case, CaseMaker } from './types';

const rows = [
  { question: 'Mia has 3 bags of 4 pens. How many?', answer: 'She has 3 * 4 = <<3*4=12>>12. #### 12' },
  { problem: 'What is $\\frac{1}{2}+\\frac{1}{3}$?', solution: 'It is $\\boxed{\\frac{5}{6}}$.' },
  { question: 'Which?', opa: 'iron', opb: 'gold', opc: 'lead', opd: 'tin', cop: 2, exp: 'Gold.' },
  { question: 'Pick', choices: { text: ['a', 'b', 'c'], label: ['A', 'B', 'C'] }, answerKey: 'B' },
  { question: 'Pick', choices: ['red', 'green'], answer: 1 },
  { question: 'Capital of France?', answer: 'Paris' },
  { question: 'A set?', answer: '{1, 2, 3}', type: 'text' },
];
const tables = [
  'question,answer\n"2 + 2, or?",4\nwhat is 1e3,1000\n',
  'sep=;\nFrage;Antwort\n"wie viel ""genau""";3,5\n',
  'question\tA\tB\tC\tD\tanswer\nq\t1\t2\t3\t4\tC\n',
];

function questionText(dice: Dice): string {
  const kind = dice.below(4);
  if (kind === 0) return mutatedText(dice.pick(tables), dice);
  const list = mutatedJson(rows, dice);
  if (kind === 1 || !Array.isArray(list)) return writtenJson(kind === 2 ? { data: list } : list, dice);
  return list.map((row: unknown) => writtenJson(row, dice)).join('\n');
}

const encodings: readonly ((text: string) => Uint8Array)[] = [
  bytesOf,
  (text) => joined(Uint8Array.of(0xef, 0xbb, 0xbf), bytesOf(text)),
  (text) => new Uint8Array(Buffer.from(`\ufeff${text}`, 'utf16le')),
  (text) => new Uint8Array(Buffer.from(text, 'latin1')),
];

const questions = (): CaseMaker => (dice) => {
  const plain = dice.pick(encodings)(questionText(dice));
  const bytes = dice.chance(0.2) ? mutatedBytes(plain, dice) : new Uint8Array(plain);
  const choice = dice.chance(0.1)
    ? {
        question: dice.below(3),
        answer: dice.below(3),
        options: dice.chance(0.3) ? [dice.below(4), dice.below(4)] : [],
        solution: null,
        header: dice.chance(0.5),
      }
    : undefined;
  return {
    bytes: bytes.length,
    run() {
      const file = readQuestionFile(bytes, 'questions.csv', choice);
      const all = [...file.questions, ...(file.unanswered ?? [])];
      checkDisjoint(drawn(distinct(all), 1));
      for (const question of all.slice(0, 20))
        judge(
          question,
          `${question.solution ?? ''} So the answer is ${question.gold}.\n#### ${question.gold}`,
        );
    },
  };
};

/** Whatever was taken is stored, read, written as a document and, with `pack`, packed again. */
async function useArchive(archive: RunArchive, pack = false): Promise<void> {
  const store = createMemoryStore();
  const run = await storeArchive(store, archive);
  const again = await readArchive(store, run, true);
  if (again.report) reportMarkdown(again.report);
  trajectoriesJsonl(again.turns);
  if (pack && unpackArchive(packArchive(again)).turns.length !== again.turns.length)
    throw new Error('turns were lost');
  await store.removeRun(run.id);
}

/** Two runs of a few kilobytes, whose settings ask for as many questions: of a report's settings the questions are made again. */
function small(): readonly RunArchive[] {
  const plain = makeArchive(4);
  const pad = makePadArchive();
  return [plain, pad].map((archive): RunArchive => {
    const { run, report, questions, logs, datasets } = archive;
    const kept = new Set(questions.slice(0, 4).map(({ id }) => id));
    const of = <T extends { readonly questionId: string }>(list: readonly T[]): T[] =>
      list.filter(({ questionId }) => kept.has(questionId));
    const config = {
      ...run.config,
      trainQuestions: 4,
      validationQuestions: 2,
      testQuestions: 2,
      oodQuestions: 0,
    };
    return {
      ...archive,
      run: { ...run, config },
      report: report && { ...report, config, items: report.items.slice(0, 2) },
      questions: questions.slice(0, 4),
      turns: of(archive.turns),
      timings: of(archive.timings),
      logs: logs.map((log) => ({ ...log, steps: log.steps.slice(0, 3) })),
      datasets: datasets.map((set) => ({ ...set, traces: of(set.traces).slice(0, 3) })),
    };
  });
}

const archives = (): CaseMaker => {
  const corpus = small();
  /** Blanks alone, a thousand times what they take, in parts that follow each other. */
  const part = gzipSync(new Uint8Array(1e6).fill(32), { level: 9 });
  const bomb = joined(...Array.from({ length: 70 }, () => part));
  return (dice) => {
    const text = writtenJson(mutatedJson(dice.pick(corpus), dice), dice);
    const plain = bytesOf(text);
    let bytes = plain;
    let size = plain.length;
    if (dice.chance(0.3)) bytes = new Uint8Array(gzipSync(plain, { level: 1 }));
    if (dice.chance(0.1)) bytes = mutatedBytes(bytes, dice);
    if (dice.chance(0.003)) {
      bytes = bomb;
      size = bomb.length;
    }
    const picked = dice.chance(0.3);
    const pack = dice.chance(0.1);
    return {
      bytes: size,
      async run() {
        // What the page has read goes through the coordinator's own check.
        const archive = picked ? parseArchive(await readPicked(bytes)) : unpackArchive(bytes);
        await useArchive(archive, pack);
      },
    };
  };
};

const lines = (turns: readonly unknown[], dice: Dice): string =>
  turns.map((turn) => writtenJson(turn, dice)).join('\n');

const trajectories = (): CaseMaker => {
  const [{ turns, report }] = small() as [RunArchive];
  const valid = trajectoriesJsonl(turns);
  const list = valid
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  const settings = JSON.stringify(report);
  return (dice) => {
    const changed = dice.chance(0.7) ? mutatedJson(list, dice) : null;
    const text = Array.isArray(changed) ? lines(changed, dice) : mutatedText(valid, dice);
    const beside = dice.chance(0.4) ? settings : null;
    return imported(text, beside);
  };
};

const imported = (text: string, report: string | null): Case => ({
  bytes: text.length + (report?.length ?? 0),
  run: () => useArchive(importedDebate(text, 'trajectories.jsonl', report).archive),
});

const reports = (): CaseMaker => {
  const corpus = small();
  const valid = trajectoriesJsonl(corpus[0]!.turns);
  return (dice): Case => {
    const report = mutatedJson(dice.pick(corpus).report, dice);
    if (dice.chance(0.5)) return imported(valid, writtenJson(report, dice));
    return { bytes: JSON.stringify(report)?.length ?? 0, run: () => reportMarkdown(report as Report) };
  };
};

export const runFiles = { questions, archives, trajectories, reports };
