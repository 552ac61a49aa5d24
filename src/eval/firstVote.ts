/** The debate beside its own first vote (round 0, before anybody read anything), on every set of questions: what reading each other changed. */
import type { ArmResult, PairResult, Report } from '../records/records';
import { armId, parseArm } from './arm';
import { findArm, findPair } from './keyArms';

export interface FirstVote {
  /** `test`, or the name of an evaluation set. */
  readonly split: string;
  readonly first: ArmResult;
  readonly debate: ArmResult;
  /** The debate minus its first vote. */
  readonly pair: PairResult;
}

/** One row for each set that has both. */
export function firstVotes(
  report: Pick<Report, 'arms' | 'pairs'> & Partial<Pick<Report, 'ood' | 'robust' | 'evalSets'>>,
): readonly FirstVote[] {
  const { arms, pairs, ood, robust, evalSets = [] } = report;
  const splits = [
    ['test', { arms, pairs }],
    ['ood', ood],
    ['robust', robust],
    ...evalSets.map((set) => [set.name, set] as const),
  ] as const;
  return splits.flatMap(([split, part]) => {
    const debate = part && findArm(part, armId({ kind: 'debate' }));
    const first = part?.arms.find(({ name }) => parseArm(name).kind === 'vote');
    const pair = part && debate && first ? findPair(part.pairs, debate.name, first.name) : null;
    return debate && first && pair ? [{ split, first, debate, pair }] : [];
  });
}
