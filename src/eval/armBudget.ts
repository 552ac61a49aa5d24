/** Whether a vote at the debate's tokens reached them. Apart from the votes themselves: a page that reads a report needs no parser of answers. */
import type { ArmBudget, ArmResult } from '../records/records';

const enough = 0.95;

/** Whether the samples hold under 95 % of the debate's tokens: then the vote is at a disadvantage. */
export function fellShort({ budget }: Pick<ArmResult, 'budget'>): ArmBudget | null {
  return budget && budget.reached < enough * budget.wanted ? budget : null;
}
