/** Labels of points, moved apart so that none covers another. Sizes in CSS pixels. */
export interface PlacedLabel {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'end';
}

interface Point {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** `line` is the height of a line, `letter` the mean width of a letter, `right` the edge that text must not cross. */
export function placeLabels(
  points: readonly Point[],
  { line, letter, right }: { readonly line: number; readonly letter: number; readonly right: number },
): readonly PlacedLabel[] {
  const placed: (PlacedLabel & { readonly from: number; readonly to: number })[] = [];
  for (const point of [...points].sort((a, b) => a.y - b.y)) {
    const width = letter * point.text.length;
    const gap = 0.75 * line;
    const anchor = point.x + gap + width > right ? 'end' : 'start';
    const x = anchor === 'start' ? point.x + gap : point.x - gap;
    const [from, to] = anchor === 'start' ? [x, x + width] : [x - width, x];
    let y = point.y;
    // From top to bottom: pushed below every label that it would touch.
    for (let moved = true; moved;) {
      const hit = placed.find((other) => from < other.to && to > other.from && Math.abs(other.y - y) < line);
      moved = hit !== undefined;
      if (hit) y = hit.y + line;
    }
    placed.push({ text: point.text, x, y, anchor, from, to });
  }
  return placed.map(({ text, x, y, anchor }) => ({ text, x, y, anchor }));
}
