/** A run among others is known by colour, dash and name. The first six differ in both, the first 36 in one of them. */

const dashes = ['none', '7 3', '2 3', '9 3 2 3', '4 2', '12 4'];

/** CSS colour, theme-aware. */
export function runColour(look: number): string {
  return `var(--run-${look % dashes.length})`;
}

/** SVG's stroke-dasharray. */
export function runDash(look: number): string {
  return dashes[(look + Math.floor(look / dashes.length)) % dashes.length] ?? 'none';
}
