/**
 * Exports generated problems for training the bundled models: one JSON document per line
 * {text, chain, gold, start, steps: [[op, left, right, result]]}, and the vocabulary's words on the first line.
 * usage: node scripts/bundled/export.mjs SPLIT SEED COUNT > FILE
 */
import { createServer } from 'vite';

const [split, seed, count] = process.argv.slice(2);
const server = await createServer({
  configFile: false,
  root: new URL('../..', import.meta.url).pathname,
  logLevel: 'error',
  appType: 'custom',
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});
try {
  const { generateProblems } = await server.ssrLoadModule('/src/tasks/wordProblems.ts');
  const { problemWords } = await server.ssrLoadModule('/src/tasks/wordings.ts');
  const lines = [JSON.stringify({ words: problemWords() })];
  for (const { question, skeleton } of generateProblems({
    split,
    seed: Number(seed),
    count: Number(count),
  })) {
    const steps = skeleton.steps.map((step) => [step.operation, step.left, step.right, step.result]);
    const { text, solution: chain, gold } = question;
    lines.push(JSON.stringify({ text, chain, gold, start: skeleton.start, steps }));
  }
  process.stdout.write(`${lines.join('\n')}\n`);
} finally {
  await server.close();
}
