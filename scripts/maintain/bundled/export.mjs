/**
 * Exports generated problems for training the bundled models: one JSON document per line
 * {text, chain, gold, start, steps: [[op, left, right, result]]}, and the vocabulary's words on the first line.
 * usage: node scripts/maintain/bundled/export.mjs SPLIT SEED COUNT > FILE
 */
import { withSources } from '../../node.mjs';

const [split, seed, count] = process.argv.slice(2);
await withSources(async (load) => {
  const { problemLines } = /** @type {typeof import('./problemLines')} */ (
    await load('/scripts/maintain/bundled/problemLines.ts')
  );
  const lines = problemLines(
    /** @type {import('../../../src/tasks/generatedSets').GeneratedSplit} */ (split),
    Number(seed),
    Number(count),
  );
  process.stdout.write(`${lines.join('\n')}\n`);
});
