import { shortenedMarker } from './visibility';

/** How much of earlier replies fits into a prompt. */
export interface ContextBudget {
  /** Tokens that own and peers' texts may take together. */
  readonly tokens: number;
  /** Tokens of a text, by the agent's tokenizer or an upper estimate. */
  readonly count: (text: string) => number;
  /** Put before a shortened text, so that the record shows it; default shortenedMarker. */
  readonly marker?: string;
}

/** The longest end of `text` (whole words) within `tokens`, with the marker before it; '' when not even that fits. */
function tail(text: string, tokens: number, budget: ContextBudget): string {
  const marker = budget.marker ?? shortenedMarker;
  const starts = [...text.matchAll(/\S+/g)].map((word) => word.index);
  let low = 1;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (budget.count(marker + text.slice(starts[middle])) <= tokens) high = middle;
    else low = middle + 1;
  }
  const start = starts[low];
  return start === undefined ? '' : marker + text.slice(start);
}

/**
 * Shortens earlier replies to the budget, oldest first: own turns from the first on, then the peers' in order of agent (they
 * are all of one round). Of a shortened text its end is kept, because the answer stands there; a text of which nothing fits is
 * left out. `keptPeers` are the places of the peers that are not.
 */
export function fitContext(
  own: readonly string[],
  peers: readonly string[],
  budget?: ContextBudget,
): { own: readonly string[]; peers: readonly string[]; keptPeers: readonly number[]; shortened: number } {
  const places = peers.map((_, place) => place);
  if (!budget) return { own, peers, keptPeers: places, shortened: 0 };
  const texts = [...own, ...peers];
  const counts = texts.map(budget.count);
  let excess = counts.reduce((sum, count) => sum + count, 0) - budget.tokens;
  let shortened = 0;
  for (let i = 0; i < texts.length && excess > 0; i++) {
    const before = counts[i] ?? 0;
    const text = tail(texts[i] ?? '', before - excess, budget);
    const after = text === '' ? 0 : budget.count(text);
    texts[i] = text;
    excess -= before - after;
    shortened++;
  }
  const kept = (list: readonly string[]): string[] => list.filter((text) => text !== '');
  const fitted = texts.slice(own.length);
  return {
    own: kept(texts.slice(0, own.length)),
    peers: kept(fitted),
    keptPeers: places.filter((place) => fitted[place] !== ''),
    shortened,
  };
}
