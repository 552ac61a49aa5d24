/**
 * `npm run -s COMMAND -- ARGS`: selftest, lm, bench, distil, check:webllm, kit, perf, counts, isa, dataset, export:cluster. stdout carries the result alone;
 * everything else goes to stderr.
 * Exit codes: 0 done, 1 failed, 2 bad arguments, 3 not possible on this machine (isa), 130 interrupted.
 */
import { hintOf, messageOf, systemCode } from './lib/commandError.mjs';
import { listenForSignals } from './lib/interrupt.mjs';

listenForSignals();
/** @type {Readonly<Record<string, () => Promise<{main(args: string[]): Promise<number | undefined>}>>>} */
const commands = {
  distil: () => import('./commands/distil.mjs'),
  selftest: () => import('./commands/selftest.mjs'),
  lm: () => import('./commands/lm.mjs'),
  bench: () => import('./commands/bench.mjs'),
  'check:webllm': () => import('./commands/checkWebllm.mjs'),
  kit: () => import('./commands/kit.mjs'),
  perf: () => import('./commands/perf.mjs'),
  counts: () => import('./commands/counts.mjs'),
  isa: () => import('./commands/isa.mjs'),
  dataset: () => import('./commands/dataset.mjs'),
  'export:cluster': () => import('./commands/exportCluster.mjs'),
};

const [name = '', ...args] = process.argv.slice(2);
const command = commands[name];
if (!command) {
  console.error(`Unknown command ${name}. Commands: ${Object.keys(commands).join(', ')}.`);
  process.exit(2);
}
try {
  const { main } = await command();
  process.exitCode = await main(args);
} catch (error) {
  const code = systemCode(error) ?? 'internal';
  const hint = hintOf(error) ?? 'This is a bug in Arklet: please report it with the command that led here.';
  const document = JSON.stringify({ error: { code, message: messageOf(error), hint } });
  if (args.includes('--json')) console.log(document);
  console.error(document);
  if (process.env.DEBUG && error instanceof Error) console.error(error.stack);
  process.exitCode = code === 'config' ? 2 : code === 'interrupted' ? 130 : 1;
}
