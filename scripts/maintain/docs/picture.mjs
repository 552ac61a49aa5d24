/** `npm run docs -- --picture`: takes the README's pictures, the page as it opens on the recorded run, in both themes. */
import { withPage } from '../../lib/browser.mjs';

/** A picture as a person sees it on a small laptop. */
const viewport = { width: 1280, height: 660 };

/**
 * @param {string} light path of the picture
 * @param {string} dark
 */
export async function takePictures(light, dark) {
  await withPage({ query: '#step=compare' }, async (page) => {
    await page.setViewportSize(viewport);
    for (const [colorScheme, path] of /** @type {const} */ ([
      ['light', light],
      ['dark', dark],
    ])) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.locator('.plot svg path').first().waitFor();
      await page.evaluate(() => document.fonts.ready.then(() => undefined));
      await page.screenshot({ path, animations: 'disabled' });
    }
  });
}
