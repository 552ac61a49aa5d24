/** The page's own words for the events of a job. */
import { withSources } from '../node.mjs';
/** @import {JobWords} from './product' */

/** @returns {Promise<JobWords>} */
export async function jobWords() {
  return withSources(async (load) => /** @type {JobWords} */ (await load('/src/ui/strings/job.ts')));
}
