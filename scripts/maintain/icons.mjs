/**
 * `node scripts/maintain/icons.mjs`: draws the PNG icons of the web manifest from public/icons/icon.svg. Their results are committed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { findChromium } from '../lib/chromium.mjs';
import { root } from '../lib/root.mjs';

const icons = join(root, 'public/icons');
const svg = readFileSync(join(icons, 'icon.svg'), 'utf8');
// A maskable icon may be cut to a circle of 80 %: the picture stays inside it, on a full background.
const masked = svg
  .replace('rx="14"', '')
  .replace('translate(9.6 9.6) scale(1.4)', 'translate(14.4 14.4) scale(1.1)');

const browser = await chromium.launch({ executablePath: await findChromium(), args: ['--no-sandbox'] });
const page = await browser.newPage();
for (const { name, size, source } of [
  { name: 'icon-192', size: 192, source: svg },
  { name: 'icon-512', size: 512, source: svg },
  { name: 'maskable-512', size: 512, source: masked },
]) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>body{margin:0}svg{display:block;width:100vw}</style>${source}`);
  writeFileSync(join(icons, `${name}.png`), await page.screenshot({ omitBackground: true }));
}
await browser.close();
