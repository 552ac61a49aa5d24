/** What one agent alone has to teach, decoded greedily: does it take more than one teacher? */
import type { Dataset } from '../records/records';
import { greedyProtocol } from '../records/trajectories';
import { rsft } from './rsft';
import type { DistillInput } from './source';

/** single-teacher: RSFT on the greedy answers of the agent that is best at that on the validation questions. */
export function singleTeacher(input: DistillInput): Dataset {
  return rsft({ ...input, protocol: greedyProtocol }, 'single-teacher');
}

/** Whether one agent answered the training questions greedily: a recording or an imported debate need not hold it. */
export function hasSingleTeacher({ turns, questions }: Pick<DistillInput, 'turns' | 'questions'>): boolean {
  const learning = new Set(questions.map(({ id }) => id));
  return turns.some(({ protocol, questionId }) => protocol === greedyProtocol && learning.has(questionId));
}
