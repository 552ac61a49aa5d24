/** The page, report.md and the command say the same of the same report, word for word: over reports of any outcome. */
import { mount, unmount, type Component } from 'svelte';
import { describe, expect, it } from 'vitest';
import { reportLines } from '../../src/commands/runLines';
import { armPhrase } from '../../src/eval/arm';
import { reportMarkdown } from '../../src/eval/markdown';
import { reportVerdict } from '../../src/eval/verdict';
import { sentence } from '../../src/eval/words';
import PlainVerdict from '../../src/ui/compare/PlainVerdict.svelte';
import Headline from '../../src/ui/components/Headline.svelte';
import { randomReport } from '../support/randomReport';

const reports = Array.from({ length: 60 }, (_, seed) => randomReport(seed));

/** Paragraphs that a component shows. */
function shown<Props extends Record<string, unknown>>(component: Component<Props>, props: Props): string[] {
  const target = document.createElement('div');
  const mounted = mount(component, { target, props });
  const text = [...target.querySelectorAll('p')].map((paragraph) => paragraph.textContent.trim());
  void unmount(mounted);
  return text.filter((one) => one !== '');
}

describe('over random reports', () => {
  it('the page’s head is what the command says, and stands in report.md', () => {
    for (const report of reports) {
      const lines = reportLines(report);
      expect(shown(Headline, { report }).join(' ')).toBe(lines.join(' '));
      const blocks = reportMarkdown(report).split('\n\n');
      for (const line of lines) expect(blocks).toContain(line);
    }
  });

  it('a pair that report.md tells of is told by the page in the same words, and more', () => {
    let told = 0;
    for (const report of reports)
      for (const finding of reportVerdict(report).findings) {
        if (finding.type !== 'ensemble' && finding.type !== 'debate' && finding.type !== 'control') continue;
        const { a, b, n } = finding.pair;
        const pair = report.pairs.find((one) => one.a === a && one.b === b)!;
        const [first, size] = shown(PlainVerdict, { pair, n, a: armPhrase(a), b: armPhrase(b) });
        expect([first, `${first} ${size}`]).toContain(sentence(finding));
        told += 1;
      }
    expect(told).toBeGreaterThan(100);
  });
});
