/** Labels beside their points, where they cover neither each other nor another point. Sizes in CSS pixels. */
export interface PlacedLabel {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'middle' | 'end';
}

interface Point {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

interface Box {
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
}

interface Sizes {
  /** Height of a line. */
  readonly line: number;
  /** Mean width of a letter. */
  readonly letter: number;
  /** Edges that text must not cross. */
  readonly top: number;
  readonly left: number;
  readonly right: number;
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0);
  const height = Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0);
  return width > 0 && height > 0 ? width * height : 0;
}

/** Greedy, in the order given: each label takes, of the places around its point, the nearest one that covers least. */
function placeInOrder(
  points: readonly Point[],
  order: readonly number[],
  { line, letter, top, left, right }: Sizes,
): { readonly labels: readonly PlacedLabel[]; readonly cost: number } {
  const mark = line / 2;
  const taken: Box[] = points.map(({ x, y }) => ({ x0: x - mark, x1: x + mark, y0: y - mark, y1: y + mark }));
  const labels: PlacedLabel[] = points.map(({ x, y, text }) => ({ text, x, y, anchor: 'start' }));
  let sum = 0;
  for (const index of order) {
    const point = points[index];
    if (!point) continue;
    const { x, y, text } = point;
    const width = letter * text.length;
    const gap = 0.75 * line;
    const side = [0, -0.6, 0.6, -1.2, 1.2, -1.8, 1.8].flatMap((lines) => [
      { x: x + gap, y: y + lines * line, anchor: 'start' as const },
      { x: x - gap, y: y + lines * line, anchor: 'end' as const },
    ]);
    const upright = [1.25, -1.25, 2.25, -2.25].map((lines) => ({
      x,
      y: y + lines * line,
      anchor: 'middle' as const,
    }));
    let best: { label: PlacedLabel; box: Box; cost: number } | null = null;
    for (const place of [...side, ...upright]) {
      const x0 = place.anchor === 'start' ? place.x : place.x - (place.anchor === 'end' ? width : width / 2);
      const box = { x0, x1: x0 + width, y0: place.y - mark, y1: place.y + mark };
      const outside = Math.max(0, left - box.x0) + Math.max(0, top - box.y0) + Math.max(0, box.x1 - right);
      const covered = taken.reduce((area, other) => area + overlap(box, other), 0);
      const cost = 10 * covered + 1000 * outside + Math.hypot(place.x - x, place.y - y);
      if (best === null || cost < best.cost) best = { label: { text, ...place }, box, cost };
    }
    if (best === null) continue;
    labels[index] = best.label;
    taken.push(best.box);
    sum += best.cost;
  }
  return { labels, cost: sum };
}

/** In the order of a few that covers least: the order of labels matters where points are close. */
export function placeLabels(points: readonly Point[], sizes: Sizes): readonly PlacedLabel[] {
  const given = points.map((_, index) => index);
  const by = (key: (point: Point) => number): number[] =>
    points
      .map((point, index) => ({ key: key(point), index }))
      .sort((a, b) => a.key - b.key)
      .map(({ index }) => index);
  const orders = [
    given,
    [...given].reverse(),
    by(({ y }) => y),
    by(({ y }) => -y),
    by(({ x }) => x),
    by(({ x }) => -x),
  ];
  return orders
    .map((order) => placeInOrder(points, order, sizes))
    .reduce((best, one) => (one.cost < best.cost ? one : best)).labels;
}
