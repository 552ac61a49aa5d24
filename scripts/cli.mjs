// `npm run -s COMMAND -- ARGS`: selftest, lm, bench, distil, check:webllm, kit, perf. stdout carries the result alone;
// everything else goes to stderr.
// Exit codes: 0 done, 1 failed, 2 bad arguments, 130 interrupted.
import { listenForSignals } from './interrupt.mjs';

listenForSignals();
const commands = {
  distil: () => import('./distil.mjs'),
  selftest: () => import('./selftest.mjs'),
  lm: () => import('./lm.mjs'),
  bench: () => import('./bench.mjs'),
  'check:webllm': () => import('./checkWebllm.mjs'),
  kit: () => import('./kit.mjs'),
  perf: () => import('./perf.mjs'),
};

const [name, ...args] = process.argv.slice(2);
const command = commands[name];
if (!command) {
  console.error(`Unknown command ${name}. Commands: ${Object.keys(commands).join(', ')}.`);
  process.exit(2);
}
try {
  const { main } = await command();
  process.exitCode = await main(args);
} catch (error) {
  const code = error.code ?? 'internal';
  const hint = error.hint ?? 'This is a bug in Arklet: please report it with the command that led here.';
  const document = JSON.stringify({ error: { code, message: error.message, hint } });
  if (args.includes('--json')) console.log(document);
  console.error(document);
  if (process.env.DEBUG) console.error(error.stack);
  process.exitCode = { config: 2, interrupted: 130 }[code] ?? 1;
}
