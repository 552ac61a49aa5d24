/** A run's debate taken away as the data sets of other tools. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { page } from 'vitest/browser';
import { makeArchive } from './fixtures/archive';
import { app, openPage, usePage, violations } from './fixtures/mounted';

usePage();

let saved: string[];
beforeEach(() => {
  saved = [];
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    saved.push(this.download);
  });
});
afterEach(() => void vi.restoreAllMocks());

const button = (name: string | RegExp) => page.getByRole('button', { name });

it('saves a zip a format, says what is in it, and in words what a run has nothing for', async () => {
  const archive = makeArchive(8);
  await openPage(archive);
  await page.getByRole('button', { name: 'Runs', exact: true }).click();
  await page.getByText('Export', { exact: true }).first().click();
  await page.getByText('Data sets', { exact: true }).first().click();
  await button('Questions with all solutions (AgentArk)').click();
  await vi.waitFor(() => expect(saved).toEqual([`${archive.run.name}.agentark.zip`]));
  await expect.element(page.getByText(/^train\.jsonl: \d+ rows?$/)).toBeVisible();
  expect(await violations()).toEqual([]);
  await button('Answers to the test questions (lm-eval sample logs)').click();
  await vi.waitFor(() => expect(saved.length + app.session.notices.list.length).toBe(2));
  expect(app.session.notices.list.map(({ message }) => message)).not.toContain('undefined');
});
