/** A run among others is known by colour, dash and name. Beyond six, colours and dashes repeat and the names do not. */

const dashes = ['none', '7 3', '2 3', '9 3 2 3', '4 2', '12 4'];

/** CSS colour, theme-aware. */
export function runColour(look: number): string {
  return `var(--run-${look % dashes.length})`;
}

/** SVG's stroke-dasharray. */
export function runDash(look: number): string {
  return dashes[look % dashes.length] ?? 'none';
}
