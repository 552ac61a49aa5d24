/**
 * `npm run -s COMMAND -- ARGS`, COMMAND being one of those below. stdout carries the result alone;
 * everything else goes to stderr.
 * Exit codes: 0 done, 1 failed, 2 bad arguments, 3 not possible on this machine (isa), 130 interrupted.
 */
import { runCommand } from './lib/runCommand.mjs';

/** @type {import('./lib/runCommand.mjs').Commands} */
const commands = {
  distil: () => import('./commands/distil.mjs'),
  selftest: () => import('./commands/selftest.mjs'),
  lm: () => import('./commands/lm.mjs'),
  bench: () => import('./commands/bench.mjs'),
  'check:webllm': () => import('./commands/checkWebllm.mjs'),
  kit: () => import('./commands/kit.mjs'),
  site: () => import('./commands/site.mjs'),
  perf: () => import('./commands/perf.mjs'),
  counts: () => import('./commands/counts.mjs'),
  isa: () => import('./commands/isa.mjs'),
  dataset: () => import('./commands/dataset.mjs'),
  fuzz: () => import('./commands/fuzz.mjs'),
  chaos: () => import('./commands/chaos.mjs'),
  'export:cluster': () => import('./commands/exportCluster.mjs'),
};

const [name = '', ...args] = process.argv.slice(2);
await runCommand(commands, name, args);
