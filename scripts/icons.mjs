// `node scripts/icons.mjs`: draws the PNG icons of the web manifest from public/icons/icon.svg. Their results are committed.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { findChromium } from './chromium.mjs';

const icons = join(resolve(dirname(fileURLToPath(import.meta.url)), '..'), 'public/icons');
const svg = readFileSync(join(icons, 'icon.svg'), 'utf8');
// A maskable icon may be cut to a circle of 80 %: the picture stays inside it, on a full background.
const masked = svg
  .replace('rx="14"', '')
  .replace('translate(9.6 9.6) scale(1.4)', 'translate(14.4 14.4) scale(1.1)');

const browser = await chromium.launch({ executablePath: await findChromium(), args: ['--no-sandbox'] });
const page = await browser.newPage();
for (const [name, size, source] of [
  ['icon-192', 192, svg],
  ['icon-512', 512, svg],
  ['maskable-512', 512, masked],
]) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>body{margin:0}svg{display:block;width:100vw}</style>${source}`);
  writeFileSync(join(icons, `${name}.png`), await page.screenshot({ omitBackground: true }));
}
await browser.close();
