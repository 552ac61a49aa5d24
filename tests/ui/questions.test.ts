/** Questions in the debate step: searched by text, and however long or without a blank they are. */
import { describe, expect, it } from 'vitest';
import { page } from 'vitest/browser';
import type { RunArchive } from '../../src/records/runRecords';
import { makeArchive } from './fixtures/archive';
import { openPage, target, usePage, violations } from './fixtures/mounted';

usePage();

async function open(archive: RunArchive): Promise<void> {
  await openPage(archive);
}
const options = (): string[] =>
  [...target.querySelectorAll('[role=option]')].map((option) => option.textContent ?? '');

describe('the search over questions', () => {
  it('finds those that hold every word, in any case, beside the filters', async () => {
    const archive = makeArchive(60);
    await open(archive);
    const search = page.getByRole('searchbox', { name: 'Search the questions' });
    await search.fill('ZOE shells');
    const wanted = archive.questions.filter(({ text }) => text.includes('Zoe') && text.includes('shells'));
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.length).toBeLessThan(10);
    await expect.element(page.getByText(`${wanted.length} of 60`).first()).toBeVisible();
    expect(options()).toHaveLength(wanted.length);
    for (const text of options()) expect(text).toMatch(/Zoe.*shells/);
    await search.fill('no such thing');
    await expect.element(page.getByText('No question has these words.')).toBeVisible();
    expect(await violations()).toEqual([]);
    await search.fill('');
    await expect.element(page.getByText('60 of 60').first()).toBeVisible();
  });
});

describe('a question', () => {
  const withText = (text: string): RunArchive => {
    const archive = makeArchive(1);
    const questions = archive.questions.map((question) => ({ ...question, text }));
    return { ...archive, questions };
  };

  it('of 400 clauses is cut to a few lines that leave the debate in sight, and shown whole on demand', async () => {
    await open(withText('Mia has 3 apples and then she buys some more of them. '.repeat(400)));
    const heading = target.querySelector<HTMLElement>('article h2')!;
    expect(heading.offsetHeight).toBeLessThan(150);
    const more = page.getByRole('button', { name: 'Show the whole question' });
    await expect.element(more).toHaveAttribute('aria-expanded', 'false');
    expect(target.querySelector('.round')!.getBoundingClientRect().top).toBeLessThan(900);
    await more.click();
    expect(heading.offsetHeight).toBeGreaterThan(1000);
    await page.getByRole('button', { name: 'Show less' }).click();
    expect(heading.offsetHeight).toBeLessThan(150);
    expect(await violations()).toEqual([]);
  });

  it.each([1280, 390])('and answers without a blank stay inside their cards at %i px', async (width) => {
    const endless = 'x'.repeat(400);
    const archive = withText(endless);
    const answered: RunArchive = {
      ...archive,
      questions: archive.questions.map((question) => ({ ...question, gold: endless, solution: endless })),
      turns: archive.turns.map((turn) => ({
        ...turn,
        reply: endless,
        answer: `${endless}${turn.agent}${turn.round}`,
      })),
    };
    await page.viewport(width, 900);
    await open(answered);
    await expect.poll(() => innerWidth).toBe(width);
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(width);
    const cards = [...target.querySelectorAll<HTMLElement>('.turn')];
    expect(cards.length).toBeGreaterThan(3);
    for (const card of cards) expect(card.scrollWidth).toBeLessThanOrEqual(card.clientWidth);
    for (const part of target.querySelectorAll<HTMLElement>('article > header, .story'))
      expect(part.scrollWidth).toBeLessThanOrEqual(part.clientWidth);
  });
});
