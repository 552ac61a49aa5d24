/**
 * One run as the page shows it: recorded, stored, or growing while it works. Events come by the thousand, so the data
 * are in plain maps and readers are notified at most five times a second: those of one question when it changed, all others
 * at every batch (`version`).
 */
import type { RunArchive, RunRecord, StrategyLog, RunOutcome } from '../../records/runRecords';
import { evalProtocol, isEvaluation } from '../../records/evalProtocol';
import type { PadReport } from '../../records/padRecords';
import type { AnswerType, Dataset, Question, Report, Split, Turn, TurnTiming } from '../../records/records';
import type { EvalSamples, TrainLog } from '../../records/trainLog';
import { inTrainingOrder } from '../../records/trainings';
import { tieBreakOf } from '../../debate/vote';
import { DebateIndex } from './debateIndex';
import type { DebateTag, QuestionSummary } from './debateCounts';

export type ViewSource = 'recorded' | 'stored' | 'live';
export type DatasetView = Omit<Dataset, 'traces'> & Partial<Pick<Dataset, 'traces'>>;

const pause = 200;

/** Tokens of a prompt and what the context holds; null where an agent does not report them. */
export interface TooLong {
  readonly tokens: number | null;
  readonly context: number | null;
}

interface GrowingLog {
  readonly strategy: string;
  readonly seed: number;
  readonly steps: TrainLog[];
  readonly probes: EvalSamples[];
}

export interface DebateFacts {
  readonly questions: number;
  readonly agents: number;
  readonly turns: number;
  /** Split that `first` and `last` are of: the one that is compared, once it has turns; null: every question so far. */
  readonly voteSplit: 'test' | null;
  /** Share of votes that are right in round 0 and in the last round; null before any turn. */
  readonly first: number | null;
  readonly last: number | null;
}

function placeOf(at: Pick<Turn, 'questionId' | 'protocol' | 'round' | 'agent'>): string {
  return `${at.protocol}|${at.questionId}|${at.round}|${at.agent}`;
}

/** Grows with every batch in which a question changed. */
class Revision {
  at = $state(0);
}

export class RunView {
  readonly source: ViewSource;
  run = $state.raw<RunRecord>() as RunRecord;
  datasets = $state.raw<readonly DatasetView[]>([]);
  report = $state.raw<Report | null>(null);
  /** Results of PAD so far; the report has all of them. */
  pad = $state.raw<PadReport | null>(null);
  /** Questions whose prompt did not fit an agent while this page watched, by id; with numbers where the agent reported them. */
  tooLong = $state.raw<ReadonlyMap<string, TooLong>>(new Map());
  /** Traces and questions taken out by hand for the next run on this debate; keys as in RunConfig.exclude. */
  excluded = $state.raw<ReadonlySet<string>>(new Set());
  readonly #index = new DebateIndex(() => tieBreakOf(this.run.config));
  readonly #logs = new Map<string, GrowingLog>();
  readonly #texts = new Map<string, string>();
  readonly #timings = new Map<string, TurnTiming>();
  readonly #others = new Map<string, Turn>();
  /** What was trained last, by strategy and seed. */
  #training: Pick<StrategyLog, 'strategy' | 'seed'> | null = null;
  /** Words of the students' answers, by protocol and question. */
  readonly #replies = new Map<string, string>();
  #version = $state(0);
  readonly #revisions = new Map<string, Revision>();
  /** Questions that changed since readers were notified. */
  readonly #changed = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #newest: string | null = null;

  constructor(run: RunRecord, source: ViewSource) {
    this.run = run;
    this.source = source;
  }

  static of(archive: RunArchive, source: ViewSource): RunView {
    const view = new RunView(archive.run, source);
    view.load(archive);
    return view;
  }

  /** Adds what is stored to what has come by events since. */
  load(archive: RunArchive): void {
    this.#addQuestions(archive.questions);
    for (const turn of archive.turns) this.#addTurn(turn);
    this.end(archive);
  }

  /** Adds what is stored of it beside the debate. */
  end({ run, logs, timings, datasets, report }: RunOutcome): void {
    this.run = run;
    if (this.excluded.size === 0) this.excluded = new Set(run.config.exclude ?? []);
    for (const log of logs) {
      const known = this.#logOf(log.strategy, log.seed);
      const last = log.steps.at(-1)?.step ?? -1;
      known.steps.splice(0, known.steps.length, ...log.steps, ...known.steps.filter((s) => s.step > last));
      const asked = log.probes ?? [];
      const newest = asked.at(-1)?.step ?? -1;
      known.probes.splice(0, known.probes.length, ...asked, ...known.probes.filter((p) => p.step > newest));
    }
    for (const timing of timings) this.#timings.set(placeOf(timing), timing);
    const stored = datasets.map((dataset) => dataset.strategy);
    this.#setDatasets([...datasets, ...this.datasets.filter((set) => !stored.includes(set.strategy))]);
    if (report) this.report = report;
    this.#tell();
  }

  addQuestions(questions: readonly Question[]): void {
    this.#addQuestions(questions);
    this.#touch();
  }

  addTurn(turn: Turn): void {
    this.#addTurn(turn);
    this.#newest = turn.questionId;
    this.#touch();
  }

  /** `text` continues the last one of this turn. */
  addText(questionId: string, round: number, agent: number, text: string): void {
    const key = `${questionId}|${round}|${agent}`;
    this.#texts.set(key, (this.#texts.get(key) ?? '') + text);
    this.#newest = questionId;
    this.#change(questionId);
    this.#touch();
  }

  addTooLong(questionId: string, details: Readonly<Record<string, unknown>> = {}): void {
    const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
    const found = { tokens: number(details['tokens']), context: number(details['context']) };
    this.tooLong = new Map(this.tooLong).set(questionId, found);
  }

  addDataset(dataset: DatasetView): void {
    this.#setDatasets([...this.datasets.filter((known) => known.strategy !== dataset.strategy), dataset]);
  }

  addStep(strategy: string, seed: number, log: TrainLog): void {
    const { steps } = this.#logOf(strategy, seed);
    // A resumed training repeats the steps after its last checkpoint.
    while (steps.length > 0 && (steps.at(-1)?.step ?? 0) >= log.step) steps.pop();
    steps.push(log);
    this.#training = { strategy, seed };
    this.#touch();
  }

  addProbe(strategy: string, seed: number, probe: EvalSamples): void {
    const { probes } = this.#logOf(strategy, seed);
    while (probes.length > 0 && (probes.at(-1)?.step ?? 0) >= probe.step) probes.pop();
    probes.push(probe);
    this.#touch();
  }

  toggleExcluded(key: string): void {
    const next = new Set(this.excluded);
    if (!next.delete(key)) next.add(key);
    this.excluded = next;
  }

  clearExcluded(): void {
    this.excluded = new Set();
  }

  /** Grows with every batch of changes: a reader that depends on it is run again. */
  get version(): number {
    return this.#version;
  }

  get agents(): number {
    return Math.max(this.#index.agents, this.source === 'live' ? this.run.config.nAgents : 0);
  }

  /** Turns that are held, those outside the debate included. */
  get turns(): number {
    return this.#index.turns + this.#others.size;
  }

  /** The question with the newest turn. */
  get newest(): string | null {
    void this.#version;
    return this.#newest;
  }

  question(id: string): Question | undefined {
    this.#follow(id);
    return this.#index.questions.get(id);
  }

  questionByText(text: string): Question | undefined {
    return [...this.#index.questions.values()].find((question) => question.text === text);
  }

  /** What most of its questions ask for; null while it has none. */
  get answerType(): AnswerType | null {
    void this.#version;
    const counts = new Map<AnswerType, number>();
    for (const { answerType } of this.#index.questions.values())
      counts.set(answerType, (counts.get(answerType) ?? 0) + 1);
    return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
  }

  summary(id: string): QuestionSummary {
    this.#follow(id);
    return this.#index.summary(id);
  }

  /** What a student wrote under evaluation; null where only the verdict was kept. `arm` as the report names it. */
  replyOf(arm: string, questionId: string): string | null {
    void this.#version;
    return this.#replies.get(`${evalProtocol(arm)}|${questionId}`) ?? null;
  }

  /** Streaming text of a turn that has not ended. */
  text(questionId: string, round: number, agent: number): string | undefined {
    this.#follow(questionId);
    return this.#texts.get(`${questionId}|${round}|${agent}`);
  }

  /** Questions with turns that have the tag (any when null) and belong to the split (any when null). */
  questionIds(tag: DebateTag | null, split: Split | null): readonly string[] {
    void this.#version;
    return this.#index.questionIds(tag, split);
  }

  /** Those of the questions whose text or options contain every word, in any case; all of them for no word. */
  matching(ids: readonly string[], search: string): readonly string[] {
    void this.#version;
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return ids;
    return ids.filter((id) => {
      const { text, options = [] } = this.#index.questions.get(id) ?? { text: id };
      const whole = [text, ...options].join('\n').toLowerCase();
      return words.every((word) => whole.includes(word));
    });
  }

  /** How many `questionIds` gives. */
  questionCount(tag: DebateTag | null, split: Split | null): number {
    void this.#version;
    const { questions, tags } = this.#index.counts.of(split);
    return tag === null ? questions : (tags.get(tag) ?? 0);
  }

  /** Splits that have a debate. */
  get splits(): readonly Split[] {
    void this.#version;
    return this.#index.counts.splits;
  }

  get debateFacts(): DebateFacts {
    void this.#version;
    const { counts } = this.#index;
    const tested = counts.of('test').questions > 0;
    const { voted, first, last } = counts.of(tested ? 'test' : null);
    return {
      questions: counts.of(null).questions,
      agents: this.agents,
      turns: this.#index.turns,
      voteSplit: tested ? 'test' : null,
      first: voted === 0 ? null : first / voted,
      last: voted === 0 ? null : last / voted,
    };
  }

  get logs(): readonly StrategyLog[] {
    void this.#version;
    const logs = [...this.#logs.values()].map((log) => ({
      ...log,
      steps: [...log.steps],
      probes: [...log.probes],
    }));
    // However they came, by events or out of storage: one order, that of the settings.
    return inTrainingOrder(logs, this.run.config);
  }

  /** The training of the last event; null where this view had none. */
  get training(): Pick<StrategyLog, 'strategy' | 'seed'> | null {
    void this.#version;
    return this.#training;
  }

  /** Everything, as an archive. */
  archive(): RunArchive {
    const questions = [...this.#index.questions.values()];
    return {
      format: 'arklet-run',
      version: 1,
      run: this.run,
      questions,
      turns: [...this.#index.allTurns(), ...this.#others.values()],
      timings: [...this.#timings.values()],
      datasets: this.datasets.map((dataset) => ({ ...dataset, traces: dataset.traces ?? [] })),
      logs: this.logs,
      report: this.report,
    };
  }

  #addQuestions(questions: readonly Question[]): void {
    this.#index.addQuestions(questions);
    for (const { id } of questions) this.#change(id);
  }

  #addTurn(turn: Turn): void {
    this.#change(turn.questionId);
    this.#texts.delete(`${turn.questionId}|${turn.round}|${turn.agent}`);
    // Samples of the other arms (votes, controls) are kept for the export and are no debate.
    if (turn.protocol === this.run.config.protocol) this.#index.add(turn);
    else this.#others.set(placeOf(turn), turn);
    if (isEvaluation(turn.protocol)) this.#replies.set(`${turn.protocol}|${turn.questionId}`, turn.reply);
  }

  #setDatasets(datasets: readonly DatasetView[]): void {
    this.datasets = inTrainingOrder(datasets, this.run.config);
  }

  #logOf(strategy: string, seed: number): GrowingLog {
    const key = `${strategy}|${seed}`;
    const known = this.#logs.get(key) ?? { strategy, seed, steps: [], probes: [] };
    this.#logs.set(key, known);
    return known;
  }

  #change(questionId: string): void {
    if (!this.#revisions.has(questionId)) this.#revisions.set(questionId, new Revision());
    this.#changed.add(questionId);
  }

  /** What reads a question is run again when it changed; one that is not known yet may be so after any batch. */
  #follow(questionId: string): void {
    void (this.#revisions.get(questionId)?.at ?? this.#version);
  }

  #touch(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tell();
    }, pause);
  }

  #tell(): void {
    for (const id of this.#changed) {
      const revision = this.#revisions.get(id);
      if (revision) revision.at += 1;
    }
    this.#changed.clear();
    this.#version += 1;
  }
}
