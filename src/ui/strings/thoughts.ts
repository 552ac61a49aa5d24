/** Words of folded thoughts; they come with them. */
import { formatPlural } from '../format';

export const thoughtsText = {
  title: (tokens: number | undefined): string =>
    tokens === undefined ? 'Thoughts' : `Thoughts, ${formatPlural(tokens, 'token', 'tokens')}`,
} as const;
