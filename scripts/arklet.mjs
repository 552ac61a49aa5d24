#!/usr/bin/env node
/**
 * `npx arklet [serve|distil|kit|bench] [flags]`, the command of the published package: serve without a name. stdout carries the result
 * alone; everything else goes to stderr. Exit codes: 0 done, 1 failed, 2 bad arguments, 130 interrupted.
 */
import { join } from 'node:path';
import { readJson } from './lib/json.mjs';
import { root } from './lib/root.mjs';
import { runCommand } from './lib/runCommand.mjs';

const help = `arklet [serve] [--port N] [--host [ADDRESS[,NAME...]]] [--https]
    serves the app; --host alone opens it to the network, --https makes a certificate, which browsers of other machines need
arklet distil [--preset quick|full] [--agents A,B] [--student M] [--out DIR] ...
    the whole job in headless Chromium; the last line is the path of report.json
arklet kit [--out DIR] [--check]
    a folder that runs from a USB stick with any static server
arklet bench [--device chromium|cpu]
    what this machine does, as JSON

All flags: https://www.npmjs.com/package/arklet`;

const [first = ''] = process.argv.slice(2);
if (first === '--help' || first === 'help') console.log(help);
else if (first === '--version') {
  /** @type {{version: string}} */
  const { version } = readJson(join(root, 'package.json'));
  console.log(version);
} else {
  const named = first !== '' && !first.startsWith('-');
  await runCommand(
    {
      serve: () => import('./commands/serve.mjs'),
      distil: () => import('./commands/distil.mjs'),
      kit: () => import('./commands/kit.mjs'),
      bench: () => import('./commands/bench.mjs'),
    },
    named ? first : 'serve',
    process.argv.slice(named ? 3 : 2),
  );
}
