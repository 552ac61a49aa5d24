/** Drawings moved so far: there are few, and rows ask for them by the dozen while a list scrolls. */
const known = new Map<string, string>();

/** `path` (SVG data of the commands M, L, H, V in absolute numbers, all others in relative ones) moved `dx` to the right. */
export function movePath(path: string, dx: number): string {
  const key = `${dx} ${path}`;
  const made = known.get(key) ?? move(path, dx);
  known.set(key, made);
  return made;
}

function move(path: string, dx: number): string {
  return path.replace(/([MLHV])([^A-Za-z]*)/g, (whole, command: string, text: string) => {
    if (command === 'V') return whole;
    const numbers = (text.match(/-?\d*\.?\d+/g) ?? []).map(Number);
    const moved = numbers.map((value, at) => (command === 'H' || at % 2 === 0 ? value + dx : value));
    return `${command}${moved.map((value) => +value.toFixed(2)).join(' ')}`;
  });
}
