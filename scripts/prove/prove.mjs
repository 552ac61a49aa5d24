/**
 * `npm run prove -- [--only NAME[,NAME]] [--keep DIR]`: the slow demonstrations. With --keep their runs stay in DIR, and those
 * that finished there under the same command are not run again. Each result is written to scripts/prove/results/NAME.json
 * with its command, versions, device and seconds; these files are committed. Exit code 1 when a demonstration misses its bound.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readFlags } from '../lib/commandError.mjs';
import { withSources } from '../node.mjs';
import { benchBeforeDemonstration } from './benchBefore.mjs';
import { debateDemonstrations } from './debate.mjs';
import { easyProblems } from './easyProblems.mjs';
import { padDemonstrations, turnsOf } from './pad.mjs';
import { studentDemonstrations } from './students.mjs';
import { specialistDemonstrations } from './specialists.mjs';
/** @import {ArmGrammar, Report, Statistics} from '../lib/product' */
/** @import {Demonstration, Run} from './pad.mjs' */
import { endProcess } from '../lib/endProcess.mjs';
import { parseJson, readJson } from '../lib/json.mjs';
import { ensurePython } from '../lib/python.mjs';
import { root } from '../lib/root.mjs';

/** @type {{flags: Partial<Record<string, string>>}} */
const { flags } = readFlags(process.argv.slice(2));
const work = flags.keep ? resolve(flags.keep) : mkdtempSync(join(tmpdir(), 'arklet-prove-'));
mkdirSync(work, { recursive: true });
const smollm2 = join(root, '.cache/smollm2-hf');

/** @param {string} file */
const hash = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');

/**
 * Runs the headless job.
 * @param {string} name
 * @param {readonly string[]} flags
 * @returns {Run}
 */
function distil(name, flags) {
  const out = join(work, name);
  const args = ['scripts/cli.mjs', 'distil', ...flags, '--out', out];
  const command = `npm run distil -- ${flags.map((flag) => flag || "''").join(' ')}`;
  const note = join(out, 'command.json');
  if (existsSync(note)) {
    /** @type {{command: string, seconds: number}} */
    const kept = readJson(note);
    if (kept.command === command) {
      console.error(`${name}: kept from before`);
      return { ...kept, out, report: readJson(join(out, 'report.json')) };
    }
  }
  const began = Date.now();
  const { status, stdout } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
  /** @type {Report} */
  const report = readJson(stdout.trim().split('\n').at(-1) ?? '');
  const seconds = (Date.now() - began) / 1000;
  writeFileSync(note, JSON.stringify({ command, seconds }));
  return { report, out, seconds, command };
}

/** @param {Report} report @param {string} a @param {string} b */
const pairOf = (report, a, b) => report.pairs.find((pair) => pair.a === a && pair.b === b) ?? null;

/** @param {Run} run */
function summary({ report, seconds, command }) {
  const {
    arms,
    pairs,
    gainKept,
    dataset,
    seeds,
    seed,
    environment,
    repeatable,
    splits,
    ood,
    robust,
    timings,
    selfCorrection,
  } = report;
  return {
    command,
    seconds,
    seed,
    environment,
    repeatable,
    splits,
    dataset,
    arms,
    pairs,
    gainKept,
    seeds,
    ood,
    robust,
    selfCorrection,
    timings,
  };
}

/** @param {string} name @param {readonly object[]} rows */
function rowsFile(name, rows) {
  const file = join(work, `${name}.jsonl`);
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return file;
}

/** @param {string} name @param {number} count @param {number} seed */
const questionFile = (name, count, seed) => rowsFile(name, easyProblems(count, seed));

/** @param {string} out */
function adapterFiles(out) {
  const folder = join(out, 'adapters');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.safetensors'))
    .sort()
    .map((file) => [file, hash(join(folder, file))]);
}

function fetchSmolLm2() {
  const python = ensurePython();
  const { status } = python
    ? spawnSync(python, ['scripts/oracle/fetch-smollm2.py'], { cwd: root, stdio: ['ignore', 2, 2] })
    : { status: 1 };
  if (status !== 0 || !existsSync(smollm2)) throw new Error('SmolLM2 could not be fetched');
}

/**
 * Preset quick on a backend: in time, and the student's gain above 0.
 * @param {string} name
 * @param {string} backend
 * @param {number} bound in seconds
 */
function quick(name, backend, bound) {
  const run = distil(name, ['--backend', backend]);
  const pair = pairOf(run.report, 'distilled:rsft', 'base');
  const misses = [];
  if (run.seconds >= bound) misses.push(`took ${run.seconds} s, not under ${bound}`);
  if (!(pair && pair.ci[0] > 0)) misses.push(`lower bound of distilled - base is ${pair?.ci[0]}`);
  return { result: summary(run), misses };
}

/**
 * Wilson's 95 % interval, as the reports give it.
 * @param {number} correct
 * @param {number} n
 */
function wilson(correct, n) {
  const share = correct / n;
  const z2 = 1.959963984540054 ** 2;
  const centre = (share + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Math.sqrt(z2) / (1 + z2 / n)) * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n));
  return [centre - half, centre + half];
}

/**
 * What agents answer alone, and what they vote, at the student's decoding on a preset's own questions; the training is only
 * for show.
 * @param {string} preset
 */
async function greedyAgents(preset) {
  const { parseArm } = await withSources(
    async (load) => /** @type {ArmGrammar} */ (await load('/src/eval/arm.ts')),
  );
  const isVote = (/** @type {string} */ name) =>
    ['vote', 'vote-zero-shot', 'vote-equal-tokens'].includes(parseArm(name).kind);
  const run = distil(`single-greedy-${preset}`, [
    ...`--preset ${preset} --protocol self-consistency --temperature 0 --n-agents 3 --strategy rsft --controls=,`.split(
      ' ',
    ),
    ...'--steps 1 --distil-seeds 1 --self-check false'.split(' '),
  ]);
  const { arms, pairs, ood, robust, seed, environment, splits } = run.report;
  // At temperature 0 the samples are each agent's greedy answers.
  const turns = turnsOf(run.out);
  const agents = [0, 1, 2].map((agent) => {
    const own = turns.filter(
      (turn) => turn.protocol === 'self-consistency' && turn.split === 'test' && turn.agent === agent,
    );
    const correct = own.filter((turn) => turn.correct).length;
    return {
      model: own[0]?.model,
      n: own.length,
      correct,
      accuracy: correct / own.length,
      ci: wilson(correct, own.length),
    };
  });
  /** @param {Pick<Report, 'arms'> | null} found */
  const alone = (found) =>
    found && { arms: found.arms.filter(({ name }) => name === 'single-greedy' || isVote(name)) };
  return {
    command: run.command,
    seconds: run.seconds,
    seed,
    environment,
    splits,
    agents,
    ...alone({ arms }),
    pairs: pairs.filter(({ a, b }) => isVote(a) && b === 'single-greedy'),
    ood: alone(ood),
    robust: alone(robust),
  };
}

/**
 * SmolLM2 as agents and student on 24 easy problems.
 * @param {string} backend
 * @param {number} bound in seconds
 */
function smollm2Small(backend, bound) {
  fetchSmolLm2();
  const questions = questionFile('smollm2-small', 24, 11);
  const text = [
    `--agents ${smollm2} --student ${smollm2} --questions ${questions} --train-questions 16 --validation-questions 0 --test-questions 8`,
    '--n-agents 3 --rounds 1 --shots 2 --max-tokens 32 --steps 4 --batch 4 --rank 8 --lr 5e-4 --warmup 1',
    `--self-check false --backend ${backend}`,
  ];
  const run = distil(`smollm2-small-${backend}`, text.join(' ').split(' '));
  const misses = run.seconds >= bound ? [`took ${run.seconds} s, not under ${bound}`] : [];
  return { result: summary(run), misses };
}

const { meanInterval } = await withSources(
  async (load) => /** @type {Statistics} */ (await load('/src/eval/statistics.ts')),
);
/** @type {Readonly<Record<string, Demonstration>>} */
const demonstrations = {
  ...debateDemonstrations({ distil, meanInterval }),
  ...studentDemonstrations({ distil, meanInterval }),
  ...benchBeforeDemonstration(),
  ...specialistDemonstrations({ distil, meanInterval, rowsFile, fetchSmolLm2, smollm2 }),
  ...padDemonstrations({ distil, summary, rowsFile, questionFile, fetchSmolLm2, smollm2, meanInterval }),
  /** Every kernel on Firefox's WebGPU, whose WGSL compiler is naga, and a small job on it. */
  'firefox-webgpu': async () => {
    const { firefoxSelftest } = await import('../maintain/firefox.mjs');
    const result = await firefoxSelftest((line) => console.error(line));
    const misses = result.failed.map(({ name, variant }) => `${name} (${variant}) fails`);
    if (result.job.backend !== 'webgpu') misses.push(`the job ran on ${result.job.backend}`);
    return { result: { command: 'node scripts/maintain/firefox.mjs --webgpu', ...result }, misses };
  },
  /** The folder for a USB stick is whole, and the small job runs from it without any other address. */
  kit: async () => {
    const { checkKit, makeKit } = await import('../commands/kit.mjs');
    const folder = join(work, 'kit');
    const { files, bytes } = makeKit(folder);
    const began = Date.now();
    const misses = await checkKit(folder);
    const seconds = (Date.now() - began) / 1000;
    // One changed byte must be named.
    appendFileSync(join(folder, 'app/index.html'), ' ');
    const damaged = await checkKit(folder);
    if (damaged.join() !== 'app/index.html is damaged')
      misses.push(`a damaged file gives "${damaged.join()}"`);
    const command = 'npm run kit && npm run kit -- --check';
    return { result: { command, files, bytes, seconds, damaged }, misses };
  },
  /** First paint, first turn, and the main thread while the engine works. */
  perf: () => {
    const { stdout } = spawnSync(process.execPath, ['scripts/cli.mjs', 'perf', '--json'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    /** @type {Record<string, {pass?: boolean}>} */
    const result = parseJson(stdout);
    const keys = ['firstPaint', 'firstTurn', 'delay', 'training', 'scroll'];
    const misses = keys.filter((key) => result[key]?.pass !== true);
    return { result: { command: 'npm run -s perf -- --json', ...result }, misses };
  },
  quick: () => quick('quick', 'auto', 300),
  'quick-webgpu': () => quick('quick-webgpu', 'webgpu', 720),
  repeat: () => {
    const flags = ['--train-questions', '60', '--test-questions', '40', '--steps', '10', '--backend', 'cpu'];
    const first = distil('repeat-a', flags);
    const second = distil('repeat-b', flags);
    const bytes = [first, second].map(({ out }) => ({
      trajectories: hash(join(out, 'trajectories.jsonl')),
      adapters: adapterFiles(out),
    }));
    const same = JSON.stringify(bytes[0]) === JSON.stringify(bytes[1]);
    const { environment } = first.report;
    return {
      result: { command: first.command, environment, bytes, same },
      misses: same ? [] : ['the bytes differ'],
    };
  },
  full: () => {
    const run = distil('full', ['--preset', 'full', '--backend', 'auto']);
    const misses = [];
    if (run.seconds >= 2400) misses.push(`took ${run.seconds} s, not under 2,400`);
    if (!(run.report.gainKept && run.report.gainKept.value >= 0.7))
      misses.push(`performance gap recovered is ${run.report.gainKept?.value ?? 'not shown'}`);
    return { result: summary(run), misses };
  },
  'single-greedy': async () => {
    const result = { quick: await greedyAgents('quick'), full: await greedyAgents('full') };
    const misses = /** @type {const} */ (['quick', 'full']).filter(
      (preset) => !result[preset].arms?.some(({ name }) => name === 'single-greedy'),
    );
    return { result, misses: misses.map((preset) => `preset ${preset} has no single-greedy`) };
  },
  'smollm2-small': () => smollm2Small('auto', 900),
  'smollm2-small-webgpu': () => smollm2Small('webgpu', Infinity),
  smollm2: () => {
    fetchSmolLm2();
    const questions = questionFile('smollm2', 320, 12);
    const text = [
      `--agents ${smollm2} --student ${smollm2} --questions ${questions} --train-questions 120 --validation-questions 0 --test-questions 200`,
      '--n-agents 8 --protocol self-consistency --shots 2 --zero-shot-vote 8 --temperature 0.7 --max-tokens 64',
      '--steps 40 --batch 8 --lr 5e-4 --warmup 4 --rank 16 --controls answer-only,wrong --self-check false --backend auto',
    ];
    const flags = text.join(' ').split(' ');
    const run = distil('smollm2', flags);
    return { result: summary(run), misses: [] };
  },
};

const only = flags.only?.split(',') ?? Object.keys(demonstrations);
const unknown = only.find((name) => !(name in demonstrations));
if (unknown) {
  console.error(`There is no demonstration ${unknown}. Known: ${Object.keys(demonstrations).join(', ')}.`);
  process.exit(2);
}
/** @type {{version: string}} */
const { version } = readJson(join(root, 'package.json'));
const versions = {
  arklet: version,
  node: process.version,
};
for (const name of only) {
  console.error(`== ${name}`);
  const { result, misses } = (await demonstrations[name]?.()) ?? { result: null, misses: ['is unknown'] };
  const folder = join(root, 'scripts/prove/results');
  mkdirSync(folder, { recursive: true });
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'CPU'}`;
  const text = JSON.stringify(
    { name, date: new Date().toISOString().slice(0, 10), versions, machine, misses, result },
    null,
    1,
  );
  writeFileSync(
    join(folder, `${name}.json`),
    `${text.replaceAll(smollm2, 'SmolLM2-135M-Instruct').replaceAll(work, 'runs')}\n`,
  );
  console.log(`${name}: ${misses.length === 0 ? 'holds' : `MISSED: ${misses.join('; ')}`}`);
  if (misses.length > 0) process.exitCode = 1;
}
endProcess();
