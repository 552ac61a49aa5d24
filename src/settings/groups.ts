/** The settings of a group of the drawer, and which of them mean anything under the settings at hand. */
import { readSpec } from '../specs/spec';
import { entries, type Path, type RunConfig } from './config';
import type { Group } from './setting';
import { keepsQuestions, stagesOf, usesCorrection, usesSecondTurnRl } from './strategy';

/** All settings of a group, in the order of the table. */
export function groupSettings(group: Group): readonly Path[] {
  return entries.filter(({ setting }) => setting.group === group).map(({ path }) => path);
}

/** Settings that mean nothing under others: hidden where the condition does not hold. */
const conditions: Readonly<Partial<Record<Path, (config: RunConfig) => boolean>>> = {
  rounds: debates,
  visibility: debates,
  consensusStop: debates,
  randomPeers: (config) => debates(config) && config.visibility === 'random',
  readThoughts: debates,
  endpointConcurrency: asksServers,
  endpointRate: asksServers,
  minAgreement: ({ labels }) => labels === 'consensus',
  tracesPerQuestion: ({ strategies }) =>
    strategies.some((name) => stagesOf(name).some(({ kind }) => kind === 'da')),
  'pad.reward.start': judges,
  'pad.reward.steps': judges,
  'pad.reward.lr': judges,
  'pad.reward.heldOutAgents': (config) => judges(config) && config.nAgents > 1,
  'pad.reward.ownSamples': judges,
  'pad.reward.labels': judges,
  'pad.reward.continuations': continues,
  'pad.reward.labelForm': continues,
  'pad.reward.splitter': judges,
  'pad.reward.afterError': (config) => judges(config) && config.pad.reward.labels !== 'monte-carlo',
  'pad.reward.contrastive': judges,
  'pad.rl.share': keepsQuestions,
  'correct.from': usesCorrection,
  'correct.samples': usesCorrection,
  'correct.ratio': usesCorrection,
  'correct.rlUpdates': usesSecondTurnRl,
  'correct.bonus': usesSecondTurnRl,
};

function debates({ protocol }: RunConfig): boolean {
  return protocol === 'debate';
}

function asksServers({ agents, personas }: RunConfig): boolean {
  const models = [...agents, ...personas.map(({ model }) => model)];
  return models.some((model) => model !== undefined && readSpec(model)?.runtime === 'endpoint');
}

function judges({ pad }: RunConfig): boolean {
  return pad.rl.reward !== 'verifiable';
}

function continues(config: RunConfig): boolean {
  return judges(config) && config.pad.reward.labels !== 'exact';
}

/** The settings of a group that mean something under `config`. */
export function shownSettings(group: Group, config: RunConfig): readonly Path[] {
  return groupSettings(group).filter((path) => conditions[path]?.(config) ?? true);
}
