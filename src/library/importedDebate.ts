/** A debate that comes as trajectories.jsonl: the run that its turns make, to be trained on and compared here. */
import * as v from 'valibot';
import { ConfigError, ImportError } from '../core/errors';
import { parseJson } from '../core/json';
import { groupedBy } from '../core/groupedBy';
import { issueText } from '../core/issueText';
import type { TrajectoryImport } from '../wire/runs';
import type { RunArchive, RunRecord } from '../records/runRecords';
import type { Question, Split, Turn } from '../records/records';
import type { RunConfig } from '../settings/config';
import { evalSetsOf, writeEvalSet } from '../settings/evalSets';
import { importedAgents } from '../specs/spec';
import { isTrajectory } from '../records/trajectories';
import { debate } from '../debate/debate';
import { askedQuestion, withFacts } from '../debate/readPrompt';
import type { Protocol } from '../debate/protocol';
import { selfConsistency } from '../debate/selfConsistency';
import { summariserProtocol, zeroShotProtocol } from '../eval/arms';
import { parseConfig } from '../settings/config';
import { parseTrajectories } from '../records/archiveFile';
import { memorableName } from './names';
import { generatedSets, isGeneratedSet } from '../tasks/generatedSets';
import { generatedQuestions } from '../tasks/planQuestions';
import { presets } from '../settings/config';
import { runHash } from './storedRuns';

const hint = 'Use an unchanged trajectories.jsonl, with the report.json of the same run.';

const reportSchema = v.looseObject({
  config: v.looseObject({}),
  items: v.array(v.looseObject({ id: v.string(), question: v.string(), answer: v.string() })),
});

/** What a report.json has about the run that the turns are from. */
interface Source {
  readonly config: RunConfig;
  /** Right answers by question, as far as it states them. */
  readonly gold: ReadonlyMap<string, string>;
  /** The generator's questions, where the run was about those. */
  readonly generated: readonly Question[];
}

function readReport(json: string): Source {
  let value: unknown;
  try {
    value = parseJson(json);
  } catch (cause) {
    throw new ImportError('The report is not JSON.', hint, { cause });
  }
  const result = v.safeParse(reportSchema, value);
  if (!result.success) {
    const issue = result.issues[0];
    const path = v.getDotPath(issue);
    throw new ImportError(
      issue.received === 'undefined'
        ? `The report has no ${path ?? 'config'}.`
        : `The report cannot be read: ${issueText(path, issue)}.`,
      hint,
    );
  }
  const { items, config: settings } = result.output;
  const config = parseConfig(settings);
  return {
    config,
    gold: new Map(items.map(({ id, answer }) => [id, answer])),
    generated: generatedQuestions(config),
  };
}

type Main = RunConfig['protocol'];

/** Settings that the turns themselves show. */
function shownSettings(turns: readonly Turn[], main: Main) {
  const own = turns.filter(({ protocol }) => protocol === main);
  const most = (pick: (turn: Turn) => number): number => Math.max(...own.map(pick));
  const { temperature, topP, maxTokens } = own[0]!.sampling;
  return {
    protocol: main,
    nAgents: most(({ agent }) => agent) + 1,
    rounds: most(({ round }) => round),
    temperature,
    topP,
    maxTokens,
  };
}

function protocolOf(config: Pick<RunConfig, 'protocol' | 'nAgents' | 'rounds' | 'consensusStop'>): Protocol {
  const { nAgents: agents, rounds, consensusStop } = config;
  const prompt = () => [];
  return config.protocol === 'self-consistency'
    ? selfConsistency({ samples: agents, prompt })
    : debate({ agents, rounds, consensusStop, visibility: 'all', randomPeers: 0, seed: 0, prompt });
}

/** The question as its first turn was asked it; its right answer from the report, else from a turn that was right. */
function questionOf(turns: readonly Turn[], source: Source | null): Question | null {
  const first = turns.find(({ round }) => round === 0) ?? turns[0]!;
  const { questionId: id, split } = first;
  const known = source?.generated.find((question) => question.id === id);
  if (known) return known;
  const gold =
    source?.gold.get(id) ?? turns.find(({ correct, answer }) => correct && answer !== null)?.answer;
  const answer = turns.find((turn) => turn.answer !== null)?.answer ?? '';
  if (gold === undefined || gold === null) {
    // Labels by consensus need no right answer; its kind shows in what was answered.
    const taught = split === 'train' && source !== null && source.config.labels !== 'gold';
    return taught ? { id, split, gold: '', ...askedQuestion(first.messages, answer) } : null;
  }
  return { id, split, gold, ...askedQuestion(first.messages, gold) };
}

const byQuestion = (turns: readonly Turn[]): Map<string, Turn[]> =>
  groupedBy(turns, ({ questionId }) => questionId);

const learning: readonly Split[] = ['train', 'validation', 'test'];

/**
 * Reads trajectories.jsonl, and the report.json of the same run where there is one: it states the settings and the right
 * answers. Without it a right answer is known where a turn was judged right. Questions whose debate is not whole, or whose
 * right answer nothing states (but for training questions of a run with other labels), are left out and counted. Throws ImportError, ConfigError.
 */
export function importedDebate(
  text: string,
  name: string,
  report: string | null,
): { readonly archive: RunArchive; readonly found: Omit<TrajectoryImport, 'run'> } {
  const told = parseTrajectories(text, name).filter(isTrajectory);
  const source = report === null ? null : readReport(report);
  // Without a report only the prompts show who read whom.
  const turns = withFacts(told, source && { ...source.config, agents: source.config.nAgents });
  const main = (['debate', 'self-consistency'] as const).find((protocol) =>
    turns.some((turn) => turn.protocol === protocol),
  );
  if (main === undefined) {
    throw new ImportError(
      `${name} has ${turns.length} turns, none of a debate or of independent samples.`,
      hint,
    );
  }
  const ids = new Set(turns.map(({ questionId }) => questionId));
  if (source && ![...source.gold.keys()].some((id) => ids.has(id))) {
    throw new ImportError(
      `The report's ${source.gold.size} questions do not occur in ${name}: they are of different runs.`,
      hint,
    );
  }

  const shown = shownSettings(turns, main);
  const mainTurns = byQuestion(turns.filter(({ protocol }) => protocol === main));
  const whole = (consensusStop: boolean): ReadonlySet<string> => {
    const protocol = protocolOf({ ...shown, consensusStop });
    // Only the turns decide whether a debate continues; the question is needed only then.
    const asked = (id: string): Question => ({ id, split: 'train', text: '', gold: '', answerType: 'text' });
    return new Set(
      [...mainTurns].filter(([id, own]) => protocol.next(asked(id), own).length === 0).map(([id]) => id),
    );
  };
  // Debates that end early where all agree are whole too, if that is what the run did.
  const [stopping, full] = [whole(true), whole(false)];
  const consensusStop = source?.config.consensusStop ?? stopping.size > full.size;
  const complete = consensusStop ? stopping : full;

  let unknown = 0;
  const questions: Question[] = [];
  for (const [id, group] of byQuestion(turns)) {
    if (!complete.has(id)) continue;
    const question = questionOf(group, source);
    if (question) questions.push(question);
    else unknown++;
  }
  const named = evalSetsOf(source?.config.evalSets ?? []).map((set) => set.name);
  const splits = [...new Set([...learning, ...generatedSets, ...named, ...turns.map(({ split }) => split)])];
  const placeOf = (split: Split): number => splits.indexOf(split);
  const order = new Map(source?.generated.map(({ id }, place) => [id, place]));
  questions.sort(
    (a, b) => placeOf(a.split) - placeOf(b.split) || (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0),
  );
  const kept = new Set(questions.map(({ id }) => id));
  const keptTurns = turns.filter(({ questionId }) => kept.has(questionId));
  const config = settingsOf({ source, shown, consensusStop, questions, turns: keptTurns, name });
  const hash = runHash(config, questions);
  const run: RunRecord = {
    id: hash.toString(16).padStart(8, '0'),
    name: memorableName(hash, new Set()),
    note: '',
    config,
    createdAt: Date.now(),
    status: 'interrupted',
    phase: 'debate',
    pinned: false,
    error: null,
  };
  const empty = { timings: [], datasets: [], logs: [], report: null };
  return {
    archive: { format: 'arklet-run', version: 1, run, questions, turns: keptTurns, ...empty },
    found: {
      questions: questions.length,
      turns: keptTurns.length,
      incomplete: ids.size - complete.size,
      unknown,
    },
  };
}

interface Settings {
  readonly source: Source | null;
  readonly shown: ReturnType<typeof shownSettings>;
  readonly consensusStop: boolean;
  readonly questions: readonly Question[];
  readonly turns: readonly Turn[];
  readonly name: string;
}

/** The evaluation sets that the questions are of, beside the two that have counts of their own. */
function setsOf(questions: readonly Question[], file: string): readonly string[] {
  const names = new Set(questions.map(({ split }) => split).filter((split) => !learning.includes(split)));
  return [...names]
    .filter((name) => name !== 'ood' && name !== 'robust')
    .map((name) => writeEvalSet({ name, file: isGeneratedSet(name) ? null : file.replaceAll(',', ' ') }));
}

/** The report's settings, or preset quick's with what the turns show; the agents are the recording. */
function settingsOf({ source, shown, consensusStop, questions, turns, name }: Settings): RunConfig {
  const count = (split: Split): number => questions.filter((question) => question.split === split).length;
  if (count('train') === 0 || count('test') === 0) {
    throw new ConfigError(
      `${name} leaves ${count('train')} training and ${count('test')} test questions that can be used.`,
      'A student needs at least 1 of each: import the whole file, with the report.json of its run.',
    );
  }
  const has = (protocol: string): boolean => turns.some((turn) => turn.protocol === protocol);
  const base = source?.config ?? { ...presets.quick, ...shown, controls: [], shots: 0, questions: name };
  const samples = turns.filter(({ protocol }) => protocol === zeroShotProtocol);
  return parseConfig({
    ...base,
    preset: 'custom',
    agents: [importedAgents],
    // A persona's own model would replace the recording.
    personas: base.personas.map(({ model: _, ...persona }) => persona),
    consensusStop,
    trainQuestions: count('train'),
    validationQuestions: count('validation'),
    testQuestions: count('test'),
    oodQuestions: count('ood'),
    robustQuestions: count('robust'),
    // Questions of files are in the turns: no file is read again.
    ...(base.trainFile !== null && { trainFile: null, testFile: null, questions: base.trainFile }),
    evalSets: setsOf(questions, name),
    summariser: has(summariserProtocol),
    zeroShotVote: samples.length === 0 ? 0 : Math.max(...samples.map(({ agent }) => agent)) + 1,
  });
}
