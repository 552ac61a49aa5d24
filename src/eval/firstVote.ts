/** The debate beside its own first vote (round 0, before anybody read anything), on every split: what reading each other changed. */
import type { ArmResult, PairResult, Report } from '../records/records';
import { armId, parseArm } from './arm';
import { findArm, findPair } from './keyArms';

export interface FirstVote {
  readonly split: 'test' | 'ood' | 'robust';
  readonly first: ArmResult;
  readonly debate: ArmResult;
  /** The debate minus its first vote. */
  readonly pair: PairResult;
}

/** One row for each split that has both. */
export function firstVotes(
  report: Pick<Report, 'arms' | 'pairs'> & Partial<Pick<Report, 'ood' | 'robust'>>,
): readonly FirstVote[] {
  const { arms, pairs, ood, robust } = report;
  const splits = [
    ['test', { arms, pairs }],
    ['ood', ood],
    ['robust', robust],
  ] as const;
  return splits.flatMap(([split, part]) => {
    const debate = part && findArm(part, armId({ kind: 'debate' }));
    const first = part?.arms.find(({ name }) => parseArm(name).kind === 'vote');
    const pair = part && debate && first ? findPair(part.pairs, debate.name, first.name) : null;
    return debate && first && pair ? [{ split, first, debate, pair }] : [];
  });
}
