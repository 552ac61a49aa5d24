/** `npm run docs -- --picture`: takes docs/arklet.png, the page as it opens on the recorded run. */
import { withPage } from '../../lib/browser.mjs';

/** A picture as a person sees it on a small laptop. */
const viewport = { width: 1280, height: 800 };

/** @param {string} path */
export async function takePicture(path) {
  await withPage({ query: '#step=compare' }, async (page) => {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await page.locator('.plot svg path').first().waitFor();
    await page.evaluate(() => document.fonts.ready.then(() => undefined));
    await page.screenshot({ path, animations: 'disabled' });
  });
}
