/** From stored turns to report.json. */
import type { Question, Report, SelfCorrection, Split, Turn } from '../records/records';
import { evalProtocol } from '../records/evalProtocol';
import { armId } from '../eval/arm';
import {
  bestAgent,
  debateArm,
  equalTokensArm,
  holdsEqualTokens,
  singleArm,
  singleGreedyArm,
  singlePassArm,
  summariserArm,
  voteArm,
  zeroShotVoteArm,
  type AnsweredArm,
} from '../eval/arms';
import { buildReport, type Comparison } from '../eval/report';
import { selfCorrection } from '../eval/selfCorrection';
import { TurnIndex } from '../eval/turnIndex';
import { hostsOf } from '../specs/hosts';
import { agentInfos } from './agentPool';
import { usesCorrection } from '../settings/strategy';
import type { Trained } from './distilPhase';
import { checkedStudents } from './evaluatePhase';
import type { Job } from './job';
import { readPadReport } from './padPhase';
import { isImported } from './resolveAgents';

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
  const greedy = singleGreedyArm(index, questions);
  if (greedy) arms.push(greedy);
  arms.push(voteArm(index, questions, config.nAgents));
  if (config.protocol === 'debate') {
    arms.push(debateArm(index, questions));
    // An imported debate may have come without independent samples; any other run has made them.
    const lacksSamples = isImported(job) && !holdsEqualTokens(index, questions);
    if (split === 'test' && !lacksSamples) arms.push(equalTokensArm(index, questions));
    if (config.summariser) arms.push(summariserArm(index, questions));
  }
  if (split === 'test' && config.zeroShotVote > 0)
    arms.push(zeroShotVoteArm(index, questions, config.zeroShotVote));
  for (const { arm, seed } of trained) if (seed === 0) arms.push(singlePassArm(index, arm, questions));
  return { questions, arms };
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
  trained: readonly Trained[],
  turns: readonly Turn[],
  seconds: Readonly<Record<string, number>>,
  version: string,
): Promise<Report> {
  const { config, device, questions, store, runId, specs, base } = job;
  // Both what the agents are and what spoke: a debate that came from elsewhere need not be of these agents.
  const onEngine =
    job.agents.every(({ backend }) => backend.kind === 'engine') &&
    turns.every(({ backend }) => backend === 'engine');
  const index = new TurnIndex(turns, await store.getTimings(runId));
  const test = comparison(job, index, trained, 'test') ?? { questions: [], arms: [] };
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
    hosts: [...new Set(specs.flatMap((spec) => hostsOf(spec, base)))],
    repeatable: onEngine ? 'bytes' : 'settings',
    splits,
    datasets: trained
      .filter(({ seed }) => seed === 0)
      .map(({ arm, dataset }) => ({ name: armId(arm), dataset: { ...dataset, strategy: dataset.strategy } })),
    test,
    ood: comparison(job, index, trained, 'ood'),
    robust: comparison(job, index, trained, 'robust'),
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
