/** The case makers of all importers. Their valid files are made when an importer is first asked for. */
import { modelFiles } from './modelFiles';
import { networkReplies } from './networkReplies';
import { runFiles } from './runFiles';
import type { CaseMaker, ImporterName } from './types';

export const importers: Readonly<Record<ImporterName, () => CaseMaker | Promise<CaseMaker>>> = {
  ...runFiles,
  ...modelFiles,
  ...networkReplies,
};
