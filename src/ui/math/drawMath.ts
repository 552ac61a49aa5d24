/** LaTeX as MathML, which the browser lays out and screen readers read. The library comes with the first formula. */

let library: Promise<typeof import('temml')> | null = null;

/** Written by the library as style attributes, which the page's policy forbids. */
const styled = /\\(?:pmb|prescript|sideset)(?![a-zA-Z])/;

/** Draws into `place`; false where the LaTeX cannot be read, or the library cannot be had: then nothing is changed. */
export async function drawMath(place: HTMLElement, latex: string, block: boolean): Promise<boolean> {
  if (styled.test(latex)) return false;
  try {
    library ??= import('temml');
    const { default: temml } = await library;
    const drawn = document.createElement('span');
    temml.render(latex, drawn, {
      displayMode: block,
      throwOnError: true,
      trust: false,
      // A formula of a file is no place for tricks: sizes in em, expansions of macros.
      maxSize: [20, 20],
      maxExpand: 200,
    });
    place.replaceChildren(...drawn.childNodes);
    return true;
  } catch {
    // Bad LaTeX, or no connection at the first formula: what is written stays.
    library = (await library?.catch(() => null)) ? library : null;
    return false;
  }
}
