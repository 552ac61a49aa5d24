/**
 * `node scripts/maintain/record.mjs FOLDER`: makes public/recorded/run.json.gz, which the page opens on, and the adapters that its playground
 * asks (adapters.json and the PEFT folders beside it), from a run that `npm run distil -- --out FOLDER` left. Token ids and clock values are dropped, and log-probabilities are kept as their mean (all that a vote's tie needs).
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { parseJson } from '../lib/json.mjs';
import { root } from '../lib/root.mjs';
import { withSources } from '../node.mjs';

const folder = process.argv[2];
if (!folder) {
  console.error('Name the folder of a finished run: node scripts/maintain/record.mjs runs/NAME');
  process.exit(2);
}

const { parseEvalProtocol } = await withSources(
  async (load) => /** @type {EvalProtocol} */ (await load('/src/records/evalProtocol.ts')),
);
/** @import {EvalProtocol, RunArchive} from '../lib/product' */
/** @type {RunArchive} */
const { adapters: _adapters, ...archive } = parseJson(
  gunzipSync(readFileSync(join(folder, 'run.arklet.json.gz'))).toString('utf8'),
);
/** @param {readonly number[]} values */
const mean = (values) => Number((values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(5));
const turns = archive.turns
  // Of the student's own answers those of the first seed stay: they are what a reader follows back to the traces.
  .filter(({ protocol }) => {
    const evaluation = parseEvalProtocol(protocol);
    return evaluation === null || (evaluation.seed === 0 && !evaluation.check);
  })
  // What only controls learn from: their figures stay.
  .filter(({ protocol, split }) => split !== 'train' || protocol === archive.run.config.protocol)
  .map(({ promptIds: _promptIds, replyIds: _replyIds, logprobs, ...turn }) =>
    logprobs?.length ? { ...turn, logprobs: [mean(logprobs)] } : turn,
  );
// The adapters stand in files of their own, below.
/** @type {RunArchive} */
const recorded = { ...archive, version: 1, turns, timings: [] };
const file = join(root, 'public/recorded/run.json.gz');
mkdirSync(dirname(file), { recursive: true });
const bytes = gzipSync(JSON.stringify(recorded), { level: 9 });
writeFileSync(file, bytes);
console.log(`${file}: ${turns.length} turns, ${bytes.length} bytes`);

const target = join(root, 'public/recorded/adapters');
rmSync(target, { recursive: true, force: true });
const names = existsSync(join(folder, 'adapters')) ? readdirSync(join(folder, 'adapters')) : [];
const adapters = names.flatMap((name) => {
  const [, strategy, seed] = /^(.+)-(\d+)$/.exec(name) ?? [];
  // One seed of each distilled strategy: controls are there to be compared, not to be asked.
  if (
    strategy === undefined ||
    Number(seed) !== 0 ||
    !archive.run.config.strategies.some((one) => one === strategy)
  )
    return [];
  cpSync(join(folder, 'adapters', name), join(target, name), { recursive: true });
  return [{ strategy, seed: 0, folder: name, files: readdirSync(join(target, name)).sort() }];
});
const listing = { runId: archive.run.id, runName: archive.run.name, config: archive.run.config, adapters };
writeFileSync(join(root, 'public/recorded/adapters.json'), `${JSON.stringify(listing, null, 1)}\n`);
console.log(`${adapters.length} adapters`);
