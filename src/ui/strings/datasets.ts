/** Words of a run's data sets; they come with their menu. */
import { formatPlural } from '../format';

export const datasetStrings = {
  help: 'The debate as training sets for other tools, as a zip of JSON Lines. No test question stands in a training set.',
  format: (title: string, tools: string): string => `${title} (${tools})`,
  strategy: 'Traces of',
  making: 'Making the files …',
  saved: (file: string, rows: number): string => `${file}: ${formatPlural(rows, 'row', 'rows')}`,
  leftOut: (what: string): string => `Left out: ${what}.`,
} as const;
