/** What the guard of the training questions found, in words: for report.md and the page. */
import type { OverlapRule, TrainOverlap } from '../records/overlap';

const rules: Readonly<Record<OverlapRule, string>> = {
  same: 'the same text',
  phrases: 'half of the 13-word phrases',
  numbers: 'the same numbers in nearly the same words',
};

export function overlapRule(rule: OverlapRule): string {
  return rules[rule];
}

const bySplit = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([split, count]) => `${split} ${count}`)
    .join(', ');

/** Sentences, the most important first. */
export function overlapSentences({
  looked,
  found,
  dropped,
  bySet,
  repeated,
  near,
}: TrainOverlap): readonly string[] {
  const sentences = [`${looked} training questions were held against all questions that are asked.`];
  if (found === 0) sentences.push('None is a near duplicate.');
  else {
    const what = found === 1 ? '1 is a near duplicate' : `${found} are near duplicates`;
    const left =
      dropped === found
        ? found === 1
          ? 'left out of training'
          : 'all left out of training'
        : `${dropped} of them left out of training`;
    sentences.push(`${what} (${bySplit(bySet)}), ${left}.`);
  }
  if (Object.keys(repeated).length > 0) {
    sentences.push(`Asked by another set already, and left out: ${bySplit(repeated)}.`);
  }
  if (near)
    sentences.push(
      `Near training questions of the debate that is used again, and left out: ${bySplit(near)}.`,
    );
  return sentences;
}

export function overlapMarkdown(overlap: TrainOverlap): string {
  const examples = overlap.examples.map(
    ({ rule, train, other, split }) => `- ${overlapRule(rule)}: "${train}" beside "${other}" (${split})`,
  );
  return [overlapSentences(overlap).join(' '), ...(examples.length > 0 ? [examples.join('\n')] : [])].join(
    '\n\n',
  );
}
