/** Colours that carry a meaning stand out from every surface of the page, in both themes. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runColour, runDash } from '../../../src/ui/runs/runLook';

const css = readFileSync(resolve(import.meta.dirname, '../../../src/ui/app.css'), 'utf8');
const themes = ['light', 'dark'] as const;
type Theme = (typeof themes)[number];

/** Every colour that :root names as light-dark(#rrggbb, #rrggbb). */
const palette = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g)].map(
    ([, name = '', light = '', dark = '']) => [name, { light, dark }],
  ),
);

/** WCAG's relative luminance. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string, theme: Theme): number {
  const [high = 0, low = 0] = [a, b]
    .map((name) => luminance(palette.get(name)![theme]))
    .sort((one, other) => other - one);
  return (high + 0.05) / (low + 0.05);
}

describe.each(themes)('in %s', (theme) => {
  it.each(['run', 'agent'])('every %s colour reads as text on every surface: 4.5 to 1', (kind) => {
    const names = [...palette.keys()].filter((name) => new RegExp(`^${kind}-\\d$`).test(name));
    expect(names).toHaveLength(kind === 'run' ? 6 : 8);
    const faint = names.flatMap((name) =>
      ['paper', 'surface', 'raised'].flatMap((surface) => {
        const ratio = contrast(name, surface, theme);
        return ratio >= 4.5 ? [] : [`${name} on ${surface}: ${ratio.toFixed(2)}`];
      }),
    );
    expect(faint).toEqual([]);
  });

  it('no run has the colour of an agent or of an arm', () => {
    const colours = (kind: RegExp): string[] =>
      [...palette].flatMap(([name, colour]) => (kind.test(name) ? [colour[theme]] : []));
    const taken = new Set(colours(/^(agent|arm)-/));
    expect(colours(/^run-/).filter((colour) => taken.has(colour))).toEqual([]);
  });
});

it('six runs differ in colour and in dash, and each colour is in the palette', () => {
  const looks = Array.from({ length: 6 }, (_, i) => i);
  expect(new Set(looks.map(runDash)).size).toBe(6);
  const names = looks.map((look) => /^var\(--(run-\d)\)$/.exec(runColour(look))?.[1] ?? '');
  expect(new Set(names.filter((name) => palette.has(name))).size).toBe(6);
  expect([runColour(36), runDash(36)]).toEqual([runColour(0), runDash(0)]);
});
