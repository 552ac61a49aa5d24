/** Tables and charts as files and text that leave the page: CSV, Markdown, SVG, PNG. */
import { ArkletError } from '../core/errors';
import { saveFile } from './exports';
import { figureStrings as text } from './strings/figures';

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The text of a cell, on one line. Drawings and hidden controls have none. */
function cellText(cell: Element): string {
  const words: string[] = [];
  const walk = (node: Node): void => {
    if (node instanceof SVGElement || node instanceof HTMLButtonElement) return;
    if (node instanceof Text) words.push(node.data);
    else for (const child of node.childNodes) walk(child);
  };
  walk(cell);
  return words
    .join(' ')
    .replace(/[\s\u00a0]+/g, ' ')
    .trim();
}

/** A table of the page as it is shown. */
export function shownTable(table: HTMLTableElement): Table {
  const row = (from: HTMLTableRowElement): string[] => [...from.cells].map(cellText);
  const head = table.tHead?.rows[0];
  const bodies = [...table.tBodies].flatMap((body) => [...body.rows]);
  return { head: head ? row(head) : [], rows: bodies.map(row) };
}

/** RFC 4180, with a byte-order mark so that spreadsheets read it as UTF-8. A cell never begins a formula. */
export function csvOf({ head, rows }: Table): string {
  const cell = (value: string): string => {
    const safe = /^[=@\t\r]|^[+-](?![\d.])/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return `\ufeff${[head, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')}`;
}

export function markdownOf({ head, rows }: Table): string {
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}

const painted = [
  'fill',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-linecap',
  'stroke-linejoin',
  'opacity',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
  'paint-order',
] as const;

/** The drawing as a file of its own, with the page's styles inlined and its background. */
export function svgOf(drawn: SVGSVGElement, title: string): string {
  const copy = drawn.cloneNode(true) as SVGSVGElement;
  const parts = [drawn, ...drawn.querySelectorAll('*')];
  [copy, ...copy.querySelectorAll('*')].forEach((part, at) => {
    const style = getComputedStyle(parts[at] ?? drawn);
    if (!(part instanceof SVGElement)) return;
    for (const name of painted) part.style.setProperty(name, style.getPropertyValue(name));
    // The page's variables mean nothing in another file.
    for (const name of ['class', 'fill', 'stroke', 'stroke-dasharray']) part.removeAttribute(name);
  });
  const { width, height } = sizeOf(drawn);
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  if (!copy.hasAttribute('viewBox')) copy.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  ground.setAttribute('width', '100%');
  ground.setAttribute('height', '100%');
  ground.setAttribute('fill', groundOf(drawn));
  const named = document.createElementNS('http://www.w3.org/2000/svg', 'title');
  named.textContent = title;
  copy.prepend(named, ground);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(copy)}\n`;
}

function sizeOf(drawn: SVGSVGElement): { width: number; height: number } {
  const { width, height } = drawn.getBoundingClientRect();
  return { width: Math.max(1, Math.round(width)), height: Math.max(1, Math.round(height)) };
}

/** The background colour of a part of the page. */
function groundOf(part: Element): string {
  for (let at: Element | null = part; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (colour !== '' && !/^(transparent|rgba\(0, 0, 0, 0\))$/.test(colour)) return colour;
  }
  return '#ffffff';
}

const sharpness = 2;

function blobOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => {
      if (blob) resolve(blob);
      else reject(new ArkletError(text.noPicture, text.noPictureHint));
    }, 'image/png'),
  );
}

/** An SVG text as a PNG of twice its size. */
export async function pngOf(svg: string): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = sharpness * image.width;
  canvas.height = sharpness * image.height;
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return blobOf(canvas);
}

/** "Who got how many right" -> "who-got-how-many-right". */
export function fileName(title: string): string {
  const name = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return name === '' ? 'figure' : name;
}

export function saveCsv(title: string, table: Table): void {
  saveFile(`${fileName(title)}.csv`, csvOf(table), 'text/csv;charset=utf-8');
}

export function saveSvg(title: string, svg: string): void {
  saveFile(`${fileName(title)}.svg`, svg, 'image/svg+xml');
}

export async function savePng(title: string, svg: string): Promise<void> {
  saveFile(`${fileName(title)}.png`, await pngOf(svg), 'image/png');
}
