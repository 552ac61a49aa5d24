import type { ReportItem } from '../../records/records';
import type { KeyArms } from '../../eval/keyArms';

export const itemFilters = ['all', 'gained', 'lost', 'bothWrong', 'ensembleOnly'] as const;
export type ItemFilter = (typeof itemFilters)[number];

/** gained = wrong in base, right after distilling; lost = the other way round. */
export function filterItems(
  items: readonly ReportItem[],
  keys: KeyArms,
  filter: ItemFilter,
): readonly ReportItem[] {
  const right = (item: ReportItem, arm: string | null): boolean =>
    arm !== null && item.verdicts[arm]?.correct === true;
  return items.filter((item) => {
    const before = right(item, keys.base);
    const after = right(item, keys.distilled);
    switch (filter) {
      case 'all':
        return true;
      case 'gained':
        return !before && after;
      case 'lost':
        return before && !after;
      case 'bothWrong':
        return !before && !after;
      case 'ensembleOnly':
        return !after && right(item, keys.ensemble);
      default:
        return filter satisfies never;
    }
  });
}
