/** The result stands whole at every width of a laptop's window, not only at those of the pictures. */
import { expect, it } from 'vitest';
import { page } from 'vitest/browser';
import { makeArchive } from './fixtures/archive';
import { openPage, target, usePage } from './fixtures/mounted';

usePage();

it('at no width from 1,000 to 1,300 pixels the bars reach past the headline', async () => {
  await openPage(makeArchive(40), '#step=compare');
  const cut: number[] = [];
  for (let width = 1000; width <= 1300; width += 20) {
    await page.viewport(width, 800);
    const right = (selector: string): number => target.querySelector(selector)!.getBoundingClientRect().right;
    const end = Math.max(
      ...[...target.querySelectorAll('.headline dd')].map(
        (row) => row.getBoundingClientRect().left + row.scrollWidth,
      ),
    );
    if (end > right('.headline') + 1) cut.push(width);
  }
  expect(cut).toEqual([]);
});
