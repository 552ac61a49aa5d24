// `node scripts/record.mjs FOLDER`: makes public/recorded/run.json.gz, which the page opens on, from a run that `npm run distil -- --out FOLDER`
// left. Token ids and clock values are dropped, and log-probabilities are kept as their mean (all that a vote's tie needs).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const folder = process.argv[2];
if (!folder) {
  console.error('Name the folder of a finished run: node scripts/record.mjs runs/NAME');
  process.exit(2);
}

const archive = JSON.parse(gunzipSync(readFileSync(join(folder, 'run.arklet.json.gz'))).toString('utf8'));
const mean = (values) => Number((values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(5));
archive.turns = archive.turns
  // Of the student's own answers those of the first seed stay: they are what a reader follows back to the traces.
  .filter(({ protocol }) => !protocol.startsWith('eval:') || !/#|:check$/.test(protocol))
  .map(({ promptIds: _promptIds, replyIds: _replyIds, logprobs, ...turn }) =>
    logprobs?.length ? { ...turn, logprobs: [mean(logprobs)] } : turn,
  );
archive.timings = [];
const file = join(root, 'public/recorded/run.json.gz');
mkdirSync(dirname(file), { recursive: true });
const bytes = gzipSync(JSON.stringify(archive), { level: 9 });
writeFileSync(file, bytes);
console.log(`${file}: ${archive.turns.length} turns, ${bytes.length} bytes`);
