/** LaTeX in questions and right answers is drawn, money and HTML stay what they are, and nothing runs out of the page. */
import { describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { Question } from '../../src/records/records';
import { makeArchive } from './fixtures/archive';
import { app, openPage, target, usePage, violations } from './fixtures/mounted';

usePage();

/** The first question of the recorded run is another one. */
async function open(change: Partial<Question>): Promise<HTMLElement> {
  const archive = makeArchive(8);
  const questions = archive.questions.map((one, at) => (at === 0 ? { ...one, ...change } : one));
  await openPage({ ...archive, questions }, '#step=debate');
  await vi.waitFor(() => expect(target.querySelector('article h2')).not.toBeNull(), 5000);
  await page.getByRole('option').first().click();
  return target.querySelector<HTMLElement>('article')!;
}

const tex = String.raw;

describe('a question with LaTeX', () => {
  it('shows formulas in its heading, its row, its options and its right answer', async () => {
    const article = await open({
      text: tex`What is $\frac{1}{2} + x^2$ when \(x = \sqrt{3}\)? $$\sum_{i=1}^n i$$`,
      options: [tex`$\frac{1}{2}$`, tex`\frac{7}{2}`],
      gold: tex`\frac{7}{2}`,
      answerType: 'choice',
    });
    await vi.waitFor(() => expect(article.querySelectorAll('h2 math')).toHaveLength(3));
    expect(article.querySelector('h2 math mfrac')).not.toBeNull();
    expect(article.querySelector('h2')!.textContent).not.toMatch(/[$\\]/);
    await vi.waitFor(() => expect(article.querySelectorAll('.options math')).toHaveLength(2));
    await vi.waitFor(() => expect(article.querySelector('.gold mfrac')).not.toBeNull());
    await vi.waitFor(() => expect(target.querySelectorAll('.row math').length).toBeGreaterThan(0));
    expect(await violations(article)).toEqual([]);
  });

  it('that cannot be read keeps it as written, beside what can', async () => {
    const article = await open({ text: tex`Bad $\frac{1}{$ and \(\nonsense{x}\) but $x^2$ is good.` });
    await vi.waitFor(() => expect(article.querySelectorAll('h2 math').length).toBeGreaterThan(0));
    expect(article.querySelector('h2')!.textContent).toContain(tex`\nonsense{x}`);
    expect(article.querySelector('h2 .temml-error')).toBeNull();
    expect(app.session.notices.list).toEqual([]);
  });

  it('keeps money, HTML and links of a file plain text', async () => {
    const text = tex`Ann has $5 and Bob $7. <img src=x onerror=alert(1)> $\href{javascript:alert(1)}{x}$ $<b>x_1</b>$`;
    const article = await open({ text });
    await new Promise((done) => setTimeout(done, 500));
    const heading = article.querySelector('h2')!;
    expect(heading.textContent).toContain('Ann has $5 and Bob $7. <img src=x onerror=alert(1)>');
    expect(heading.querySelector('img, a, [href], b, script')).toBeNull();
  });

  it('that is long runs out of nothing on a phone', async () => {
    const long = Array.from({ length: 60 }, (_, i) => `x_{${i}}^2`).join(' + ');
    const article = await open({ text: `Find $${long}$ and $$${long}$$`, gold: `\\frac{${long}}{2}` });
    await page.viewport(390, 844);
    await vi.waitFor(() => expect(article.querySelectorAll('h2 math')).toHaveLength(2));
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(document.documentElement.clientWidth);
    expect(article.scrollWidth).toBeLessThanOrEqual(article.clientWidth);
    for (const math of article.querySelectorAll('h2 .math'))
      expect(math.getBoundingClientRect().right).toBeLessThanOrEqual(391);
  });

  it('is drawn in the preview of a file too', async () => {
    await open({});
    await page.getByRole('button', { name: 'Settings', exact: true }).click();
    const long = Array.from({ length: 60 }, (_, i) => `x_{${i}}^2`).join(' + ');
    const row = JSON.stringify({
      problem: tex`Compute $\sqrt{16}$ of $${long}$.`,
      solution: tex`It is $\boxed{4}$.`,
    });
    await userEvent.upload(page.getByLabelText('Use a file of your own'), new File([row], 'math.jsonl'));
    await vi.waitFor(() => expect(target.querySelector('td msqrt')).not.toBeNull());
    const table = target.querySelector<HTMLElement>('table.preview')!;
    expect(table.scrollWidth).toBeLessThanOrEqual(table.parentElement!.clientWidth);
  });
});
