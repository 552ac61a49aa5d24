/** Words of what takes tables and charts away. */
export const figureStrings = {
  take: (title: string): string => `Export: ${title}`,
  csv: 'CSV',
  csvOf: (title: string): string => `Save as CSV: ${title}`,
  markdown: 'Copy as Markdown',
  markdownOf: (title: string): string => `Copy as Markdown: ${title}`,
  copied: 'Copied',
  svg: 'SVG',
  svgOf: (title: string): string => `Save as SVG: ${title}`,
  png: 'PNG',
  pngOf: (title: string): string => `Save as PNG: ${title}`,
  noPicture: 'The browser made no picture of the chart.',
  noPictureHint: 'Save it as SVG instead.',
} as const;
