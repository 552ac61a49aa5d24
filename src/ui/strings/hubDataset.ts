/** Words about datasets of the hub; they come with the settings. */
import { formatPlural } from '../format';

export const hubDatasetStrings = {
  label: 'Dataset on Hugging Face',
  example: 'openai/gsm8k',
  help: (host: string): string =>
    `OWNER/NAME, read from ${host}. /CONFIG and @SPLIT may follow, as in openai/gsm8k/main@test.`,
  look: 'Find the dataset',
  config: 'Config',
  split: 'Split',
  read: 'Read this split',
  stop: 'Stop',
  reading: (rows: number): string =>
    rows === 0 ? 'Reading …' : `Reading … ${formatPlural(rows, 'row', 'rows')}`,
  empty: 'This dataset has no split that can be read.',
};
