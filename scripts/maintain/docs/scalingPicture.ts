/** A chart of docs/ as the text of an SVG file: lines over one axis, each point with its interval. */
import { escapeXml as escape } from '../../../src/core/escapeXml';

export interface PictureLine {
  readonly name: string;
  readonly points: readonly {
    /** Place on the axis. */
    readonly at: number;
    /** In percent. */
    readonly value: number;
    readonly low: number;
    readonly high: number;
  }[];
}

export interface Picture {
  readonly title: string;
  readonly axis: string;
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
  readonly lines: readonly PictureLine[];
}

const size = { width: 640, height: 340, left: 48, right: 16, top: 34, bottom: 84 };
/** Told apart without colours too. */
const looks = [
  { colour: '#8d3a86', dash: '' },
  { colour: '#1f5fbf', dash: '' },
  { colour: '#8a5300', dash: '6 4' },
  { colour: '#0b7380', dash: '2 3' },
  { colour: '#68757a', dash: '9 3 2 3' },
] as const;

const at = (value: number): string => value.toFixed(1);

/** Percent from 0 to 100, whatever is drawn: pictures beside each other are read at one scale. */
export function drawPicture({ title, axis, ticks, lines }: Picture): string {
  const { width, height, left, right, top, bottom } = size;
  const places = ticks.map((tick) => tick.at);
  const [first, last] = [Math.min(...places), Math.max(...places)];
  const x = (place: number): number =>
    left + 16 + ((width - left - right - 32) * (place - first)) / Math.max(1e-9, last - first);
  const y = (percent: number): number => top + (height - top - bottom) * (1 - percent / 100);

  const grid = [0, 25, 50, 75, 100].map(
    (level) =>
      `<line x1="${left}" x2="${width - right}" y1="${at(y(level))}" y2="${at(y(level))}" stroke="#d9dee0"/>` +
      `<text x="${left - 6}" y="${at(y(level) + 4)}" text-anchor="end">${level}</text>`,
  );
  const marks = ticks.map(
    (tick) =>
      `<text x="${at(x(tick.at))}" y="${height - bottom + 16}" text-anchor="middle">${escape(tick.label)}</text>`,
  );
  const drawn = lines.flatMap(({ points }, i) => {
    const { colour, dash } = looks[i % looks.length] ?? looks[0];
    const path = points.map((point) => `${at(x(point.at))},${at(y(point.value))}`).join(' ');
    return [
      `<polyline fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}" points="${path}"/>`,
      ...points.map(
        (point) =>
          `<path stroke="${colour}" d="M${at(x(point.at))} ${at(y(point.low))}V${at(y(point.high))}"/>` +
          `<circle cx="${at(x(point.at))}" cy="${at(y(point.value))}" r="3" fill="${colour}"/>`,
      ),
    ];
  });
  // Three names a row.
  const names = lines.map(({ name }, i) => {
    const { colour, dash } = looks[i % looks.length] ?? looks[0];
    const [along, down] = [left + 196 * (i % 3), height - 26 + 18 * Math.floor(i / 3)];
    return (
      `<line x1="${along}" x2="${along + 24}" y1="${down - 4}" y2="${down - 4}" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/>` +
      `<text x="${along + 30}" y="${down}">${escape(name)}</text>`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#1d2529">`,
    `<title>${escape(title)}</title>`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    `<text x="${left}" y="18" font-weight="600">${escape(title)}</text>`,
    ...grid,
    ...marks,
    `<text x="${at((left + width - right) / 2)}" y="${height - bottom + 34}" text-anchor="middle">${escape(axis)}</text>`,
    ...drawn,
    ...names,
    '</svg>',
    '',
  ].join('\n');
}
