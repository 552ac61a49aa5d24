/** Names of datasets on the hub, where a question file is named: `hf:OWNER/NAME[/CONFIG][@SPLIT]`. */
import { ConfigError } from '../core/errors';
import { hubAddresses, hubEndpoint, isRepository } from './addresses';

export interface HubDataset {
  /** OWNER/NAME. */
  readonly repo: string;
  /** Null where the name does not say it. */
  readonly config: string | null;
  readonly split: string | null;
}

const prefix = 'hf:';

export function isDatasetName(name: string): boolean {
  return name.startsWith(prefix);
}

/** Throws ConfigError. The prefix may be missing. */
export function parseDataset(text: string): HubDataset {
  const name = text.trim().replace(/^hf:/, '');
  const [, repo = '', config, split] = /^([^/@,]+\/[^/@,]+)(?:\/([^/@,]+))?(?:@([\w.-]+))?$/.exec(name) ?? [];
  if (!isRepository(repo)) {
    throw new ConfigError(
      `"${text}" is not the name of a dataset on the hub.`,
      'Write hf:OWNER/NAME, as in hf:openai/gsm8k; /CONFIG and @SPLIT may follow, as in hf:openai/gsm8k/main@test.',
    );
  }
  return { repo, config: config ?? null, split: split ?? null };
}

export function writeDataset({ repo, config, split }: HubDataset): string {
  return `${prefix}${repo}${config === null ? '' : `/${config}`}${split === null ? '' : `@${split}`}`;
}

/** The files that a run's settings name. */
export interface RunFileNames {
  readonly questions?: string | null;
  readonly trainFile?: string | null;
  readonly testFile?: string | null;
  /** NAME or NAME=FILE. */
  readonly evalSets?: readonly string[];
}

/** What reading the questions of these files contacts; `hub`: the hub, or the mirror that is asked in its place. */
export function datasetAddresses(files: RunFileNames, hub: string = hubEndpoint): readonly string[] {
  const { questions, trainFile, testFile, evalSets = [] } = files;
  const sets = evalSets.flatMap((set) => (set.includes('=') ? [set.slice(set.indexOf('=') + 1)] : []));
  const named = [questions, trainFile, testFile, ...sets].some((name) => name != null && isDatasetName(name));
  return named ? hubAddresses.map((address) => (address === hubEndpoint ? hub : address)) : [];
}
