/** From stored turns to report.json. */
import type { Question, Report, SelfCorrection, Split, Turn } from '../records/records';
import { evalProtocol } from '../records/evalProtocol';
import { evalSetsOf, isCompared } from '../settings/evalSets';
import { usesCorrection } from '../settings/strategy';
import { tieBreakOf } from '../debate/vote';
import { armId } from '../eval/arm';
import {
  bestAgent,
  debateArm,
  singleArm,
  singlePassArm,
  summariserArm,
  voteArm,
  zeroShotVoteArm,
  type AnsweredArm,
} from '../eval/arms';
import { buildReport } from '../eval/report';
import type { Comparison, ReportInput } from '../eval/report';
import { equalTokensArm } from '../eval/equalTokens';
import { singleGreedyArm, voteGreedyArm } from '../eval/greedyArms';
import { selfCorrection } from '../eval/selfCorrection';
import { TurnIndex } from '../eval/turnIndex';
import { storedCommits } from '../models/commits';
import { hostsOf, hostsOfFiles } from '../specs/hosts';
import { parseSpec } from '../specs/spec';
import { agentInfos } from './agentPool';
import { checkedStudents, chooses } from './evaluatePhase';
import { firstStudents, type Distilled, type Trained } from './distilPhase';
import type { Job } from './job';
import { readPadReport } from './padPhase';
import { repeatableAs } from './repeatable';
import { isImported } from './resolveAgents';

/** An imported debate may have come without a single independent answer beyond its first round. */
function hasSamples(job: Job, index: TurnIndex, questions: readonly Question[]): boolean {
  return !isImported(job) || questions.some(({ id }) => index.turns('self-consistency', id).length > 0);
}

function comparison(
  job: Job,
  index: TurnIndex,
  trained: readonly Trained[],
  split: Split,
): Comparison | null {
  const questions = job.questions.filter((question) => question.split === split);
  if (questions.length === 0) return null;
  const validation = job.questions.filter((question) => question.split === 'validation');
  const { config } = job;
  const arms: AnsweredArm[] = [singlePassArm(index, { kind: 'base' }, questions)];
  if (config.shots > 0) arms.push(singlePassArm(index, { kind: 'base-shots' }, questions));
  arms.push(singleArm(index, questions, bestAgent(index, validation)));
  const greedy = [singleGreedyArm(index, questions, validation), voteGreedyArm(index, questions)];
  arms.push(...greedy.filter((arm) => arm !== null), voteArm(index, questions, config.nAgents));
  if (config.protocol === 'debate') {
    arms.push(debateArm(index, questions));
    if (split === 'test' && hasSamples(job, index, questions))
      arms.push(
        equalTokensArm(index, questions),
        equalTokensArm(index, questions, 'vote-equal-total-tokens'),
      );
    if (config.summariser) arms.push(summariserArm(index, questions));
  }
  if (split === 'test' && config.zeroShotVote > 0)
    arms.push(zeroShotVoteArm(index, questions, config.zeroShotVote));
  for (const { arm, seed } of trained) if (seed === 0) arms.push(singlePassArm(index, arm, questions));
  return { questions, arms };
}

/** The evaluation sets that have no field of their own in the report. */
function furtherSets(
  job: Job,
  index: TurnIndex,
  trained: readonly Trained[],
): NonNullable<ReportInput['evalSets']> {
  const own = new Set(['test', 'ood', 'robust']);
  const names = [...new Set(job.questions.map(({ split }) => split))].filter(
    (split) => isCompared(split) && !own.has(split),
  );
  const files = new Map(evalSetsOf(job.config.evalSets).map(({ name, file }) => [name, file]));
  return names.flatMap((name) => {
    const found = comparison(job, index, trained, name);
    return found ? [{ name, file: files.get(name) ?? null, ...found }] : [];
  });
}

function furtherSeeds(
  job: Job,
  index: TurnIndex,
  trained: readonly Trained[],
  questions: readonly Question[],
): { seed: number; arms: AnsweredArm[] }[] {
  return Array.from({ length: job.config.distilSeeds - 1 }, (_, i) => i + 1).map((seed) => ({
    seed,
    arms: trained
      .filter((one) => one.seed === seed)
      .map(({ arm }) => singlePassArm(index, arm, questions, evalProtocol(armId(arm), seed))),
  }));
}

/** The students on the validation questions, where these choose one of several. */
function choosing(job: Job, index: TurnIndex, trained: readonly Trained[]): { validation?: Comparison } {
  const questions = job.questions.filter(({ split }) => split === 'validation');
  if (questions.length === 0 || !chooses(job.config)) return {};
  const arms = firstStudents(trained).map(({ arm }) => singlePassArm(index, arm, questions));
  return { validation: { questions, arms } };
}

function checks(
  { config }: Job,
  index: TurnIndex,
  trained: readonly Trained[],
  questions: readonly Question[],
): SelfCorrection[] {
  const { seed } = config;
  const firsts = usesCorrection(config) ? [false, true] : [false];
  return checkedStudents(trained).flatMap(({ name }) =>
    firsts.map((sampled) => selfCorrection(index, name, questions, { sampled, seed })),
  );
}

/** Builds, stores and announces the report. */
export async function reportPhase(
  job: Job,
  { trained, untaught }: Distilled,
  turns: readonly Turn[],
  seconds: Readonly<Record<string, number>>,
  version: string,
): Promise<Report> {
  const { config, device, questions, store, runId, specs, base } = job;
  // Both what the agents are and what generated the turns: a debate that came from elsewhere need not be of these agents.
  const onEngine =
    job.agents.every(({ backend }) => backend.kind === 'engine') &&
    turns.every(({ backend }) => backend === 'engine');
  const index = new TurnIndex(turns, await store.getTimings(runId), tieBreakOf(config));
  const test = comparison(job, index, trained, 'test') ?? { questions: [], arms: [] };
  const sets = furtherSets(job, index, trained);
  const logs = await store.getLogs(runId);
  const splits: Record<string, number> = {};
  for (const { split } of questions) splits[split] = (splits[split] ?? 0) + 1;
  const report = buildReport({
    config,
    environment: {
      arklet: version,
      device: device.device,
      backend: device.backend,
      userAgent: typeof navigator === 'undefined' ? 'unknown' : navigator.userAgent,
      threads: device.threads,
    },
    agents: agentInfos(config, job.agents),
    hosts: [
      ...new Set([
        ...specs.flatMap((spec) => hostsOf(spec, base, job.hubEndpoint)),
        ...hostsOfFiles(config, base, job.hubEndpoint),
      ]),
    ],
    commits: await storedCommits([...specs, parseSpec(job.student.id)]),
    repeatable: repeatableAs(onEngine, device, trained.length > 0),
    splits,
    datasets: [
      ...trained
        .filter(({ seed }) => seed === 0)
        .map(({ arm, strategy, dataset }) => ({
          name: armId(arm),
          dataset,
          rows: logs.find((log) => log.seed === 0 && log.strategy === strategy)?.rows,
        })),
      ...untaught.map(({ arm, dataset }) => ({ name: armId(arm), dataset })),
    ],
    test,
    primary: job.primary,
    ...choosing(job, index, trained),
    agentBy: (splits['validation'] ?? 0) > 0 ? 'validation' : 'first',
    ood: comparison(job, index, trained, 'ood'),
    robust: comparison(job, index, trained, 'robust'),
    ...(sets.length > 0 && { evalSets: sets }),
    ...(job.overlap && { overlap: job.overlap }),
    seeds: furtherSeeds(job, index, trained, test.questions),
    selfCorrection: config.selfCheck ? checks(job, index, trained, test.questions) : [],
    trainQuestions: questions.filter(({ split }) => split === 'train'),
    pad: await readPadReport(job),
    timings: seconds,
  });
  await store.putReport(runId, report);
  job.emit({ type: 'report', runId, report });
  return report;
}
