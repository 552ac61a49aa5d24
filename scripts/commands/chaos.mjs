/**
 * `npm run -s chaos -- --faults N --seed S [--only KIND[,KIND]] [--break] [--json]`: seeded faults in small runs of the bundled models (debate,
 * training, PAD, evaluation) in headless Chromium. Each run must end byte-equal to an undisturbed one with nothing recorded lost.
 * Exit 0 where all did, else 1. With --break the store loses turns on the way: that must show.
 */
import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { build } from 'vite';
import { chromiumArgs, findChromium } from '../lib/chromium.mjs';
import { badArgument, readFlags } from '../lib/commandError.mjs';
import { root } from '../lib/root.mjs';
import { startServer } from '../lib/server.mjs';
import { ensureWasm } from '../wasm.mjs';
/** @import {BrowserContext, Page} from 'playwright' */
/** @import {ChaosPage} from '../chaos/page' */
/** @import {Fault, Kind} from '../chaos/faults' */
/** @import {Trial, TrialEnd} from '../chaos/trial' */

/** Faults that strike one run, one after another. */
const perRun = 5;
/** Milliseconds that a frozen page stays so. */
const frozen = 400;

/** @param {string} folder where the page is built to */
async function buildPage(folder) {
  ensureWasm();
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    base: './',
    worker: { format: 'es' },
    build: {
      target: 'es2023',
      outDir: folder,
      emptyOutDir: true,
      assetsInlineLimit: 0,
      minify: false,
      rolldownOptions: { input: join(root, 'scripts/chaos/index.html') },
    },
  });
}

/** A browser on one profile, that can be killed and started again, and the page in it. */
class Subject {
  /** @type {BrowserContext | null} */
  #context = null;
  /** @type {Page | null} */
  #page = null;
  #profile;
  #url;
  #log;

  /** @param {string} url @param {string} profile @param {(line: string) => void} log */
  constructor(url, profile, log) {
    this.#url = url;
    this.#profile = profile;
    this.#log = log;
  }

  get page() {
    if (!this.#page) throw new Error('The browser is not open.');
    return this.#page;
  }

  async open() {
    const context = await chromium.launchPersistentContext(this.#profile, {
      executablePath: await findChromium(),
      headless: true,
      serviceWorkers: 'block',
      args: [...chromiumArgs, '--disable-renderer-backgrounding', '--disable-background-timer-throttling'],
    });
    this.#context = context;
    const page = context.pages()[0] ?? (await context.newPage());
    this.#page = page;
    page.setDefaultTimeout(0);
    page.on('pageerror', (error) => this.#log(`page: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.#log(`page: ${message.text()}`);
    });
    const devtools = await context.newCDPSession(page);
    const { origin } = new URL(this.#url);
    await page.exposeFunction('chaosQuota', (/** @type {number | null} */ bytes) =>
      devtools.send('Storage.overrideQuotaForOrigin', {
        origin,
        ...(bytes === null ? {} : { quotaSize: bytes }),
      }),
    );
    await page.exposeFunction('chaosFreeze', async () => {
      await devtools.send('Page.setWebLifecycleState', { state: 'frozen' });
      await new Promise((resolve) => setTimeout(resolve, frozen));
      await devtools.send('Page.setWebLifecycleState', { state: 'active' });
    });
    await this.load();
  }

  /** Loads the page, again where it is there: all workers of the one before it end. */
  async load() {
    await this.page.goto(this.#url, { timeout: 120_000 });
    await this.page.waitForFunction(() => window.chaos !== undefined, undefined, { timeout: 120_000 });
  }

  /** As a crash ends it: at once. */
  async kill() {
    const context = this.#context;
    if (!context) return;
    const closed = new Promise((resolve) => context.once('close', resolve));
    process.kill(Number(readlinkSync(join(this.#profile, 'SingletonLock')).split('-').at(-1)), 'SIGKILL');
    await closed;
    this.#context = null;
  }

  async close() {
    await this.#context?.close().catch(() => {});
    this.#context = null;
  }
}

/**
 * One run with its faults, over as many pages and browsers as it takes.
 * @param {Subject} subject
 * @param {Omit<Trial, 'config' | 'runId' | 'heard'>} trial
 * @param {boolean} gpu
 */
async function runTrial(subject, trial, gpu) {
  /** @type {Fault[]} */
  const struck = [];
  /** @type {string[]} */
  const lost = [];
  /** @type {string[]} */
  const notes = [];
  /** @type {Pick<Trial, 'runId' | 'heard'>} */
  let from = { runId: null, heard: [] };
  for (;;) {
    const part = { ...trial, faults: trial.faults.slice(struck.length), ...from };
    /** @type {TrialEnd} */
    const end = await subject.page.evaluate(
      ([given, onGpu]) => /** @type {ChaosPage} */ (window.chaos).go(given, onGpu),
      /** @type {const} */ ([part, gpu]),
    );
    struck.push(...end.struck);
    lost.push(...end.lost);
    notes.push(...end.notes);
    if (end.end === 'done' || end.end === 'stuck') return { ...end, struck, lost, notes };
    if (end.end === 'page') await subject.load();
    else {
      await subject.kill();
      await subject.open();
    }
    from = { runId: end.runId, heard: end.heard };
  }
}

/** @typedef {{faults: number, survived: number, lost: number, differing: number}} Tally */

/** @param {string | undefined} text @param {string} name @param {number} fallback @param {number} most */
function wholeNumber(text, name, fallback, most) {
  if (text === undefined) return fallback;
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > most)
    throw badArgument(
      `--${name} is "${text}", but must be a whole number up to ${most}.`,
      `Write --${name} ${fallback}.`,
    );
  return number;
}

/** @param {string[]} args @returns {Promise<number>} exit code */
export async function main(args) {
  const { flags: read, rest } = readFlags(args, (name) => name !== 'json' && name !== 'break');
  /** @type {Partial<Record<string, string>>} */
  const given = read;
  const { json, faults: asked, seed: seedText, only: onlyText = '', break: breaks, ...unknown } = given;
  const [odd] = [...rest, ...Object.keys(unknown)];
  if (odd !== undefined)
    throw badArgument(`"${odd}" is not known.`, 'Flags: --faults, --seed, --only, --break, --json.');
  const count = wholeNumber(asked, 'faults', 100, 100_000);
  const seed = wholeNumber(seedText, 'seed', 0, 2 ** 31);
  const log = (/** @type {string} */ line) => void process.stderr.write(`${line}\n`);

  const folder = mkdtempSync(join(tmpdir(), 'arklet-chaos-'));
  const app = join(folder, 'app');
  await buildPage(app);
  const server = await startServer({ root: app });
  const subject = new Subject(`${server.url}scripts/chaos/index.html`, join(folder, 'profile'), log);
  /** @type {Record<string, Tally>} */
  const byKind = {};
  /** @param {Kind} kind @param {'survived' | 'lost' | 'differing'} result */
  const add = (kind, result) => {
    const tally = (byKind[kind] ??= { faults: 0, survived: 0, lost: 0, differing: 0 });
    tally.faults++;
    tally[result]++;
  };
  try {
    await subject.open();
    const kinds = await subject.page.evaluate(() => /** @type {ChaosPage} */ (window.chaos).kinds());
    const only = onlyText === '' ? [] : onlyText.split(',');
    for (const name of only)
      if (!kinds.some(({ kind }) => kind === name))
        throw badArgument(`--only names "${name}".`, `Kinds: ${kinds.map(({ kind }) => kind).join(', ')}.`);
    const planned = await subject.page.evaluate(
      ([s, n, names]) => /** @type {ChaosPage} */ (window.chaos).plan(s, n, /** @type {Kind[]} */ (names)),
      /** @type {const} */ ([seed, count, only]),
    );
    const onGpu = new Set(kinds.filter(({ gpu }) => gpu).map(({ kind }) => kind));
    for (const gpu of [false, true]) {
      const queue = planned.filter(({ kind }) => onGpu.has(kind) === gpu);
      if (queue.length === 0) continue;
      const began = performance.now();
      const whole = await runTrial(subject, { faults: [], spread: 1, broken: false, whole: null }, gpu);
      if (whole.end !== 'done')
        throw new Error(`The undisturbed run is ${whole.end}: ${whole.notes.join('; ')}`);
      log(
        `${gpu ? 'GPU' : 'CPU'}: undisturbed, ${whole.events} events, ${((performance.now() - began) / 1000).toFixed(1)} s`,
      );
      /** @param {readonly Fault[]} faults */
      const trial = (faults) =>
        runTrial(
          subject,
          {
            faults,
            spread: Math.max(1, Math.floor(whole.events / (faults.length + 1))),
            broken: breaks !== undefined,
            whole: whole.outputs,
          },
          gpu,
        );
      for (let next = 0, tries = 0; next < queue.length;) {
        const batch = queue.slice(next, next + perRun);
        const at = performance.now();
        const end = await trial(batch);
        const ok = end.end === 'done' && end.lost.length === 0 && end.differing.length === 0;
        log(
          `${next + end.struck.length}/${queue.length} ${end.struck.map(({ kind }) => kind).join(', ')}: ${ok ? 'survived' : end.end}, ${((performance.now() - at) / 1000).toFixed(1)} s`,
        );
        if (ok && process.env.DEBUG) for (const note of end.notes) log(`  ${note}`);
        if (ok) for (const { kind } of end.struck) add(kind, 'survived');
        else {
          for (const note of end.notes) log(`  ${note}`);
          for (const one of end.lost) log(`  lost: ${one}`);
          for (const one of end.differing) log(`  differs: ${one}`);
          // Which of them it was: each alone.
          for (const fault of end.struck) {
            const alone = end.struck.length === 1 ? end : await trial([fault]);
            const gone = alone.end !== 'done' || alone.lost.length > 0;
            add(fault.kind, gone ? 'lost' : alone.differing.length > 0 ? 'differing' : 'survived');
            if (gone || alone.differing.length > 0)
              log(
                `  alone: ${fault.kind} at ${fault.at}: ${alone.end}, ${[...alone.lost, ...alone.differing].join(', ')}`,
              );
          }
        }
        next += end.struck.length;
        // A fault that found no moment in several runs would be tried for ever.
        tries = end.struck.length === 0 ? tries + 1 : 0;
        if (tries > 3) throw new Error(`${batch[0]?.kind} finds no moment to strike.`);
      }
    }
  } finally {
    await subject.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
  const sum = (/** @type {keyof Tally} */ name) =>
    Object.values(byKind).reduce((all, one) => all + one[name], 0);
  const result = {
    faults: sum('faults'),
    survived: sum('survived'),
    lost: sum('lost'),
    differing: sum('differing'),
    byKind,
  };
  if (json) console.log(JSON.stringify(result, null, 1));
  else {
    for (const [kind, tally] of Object.entries(byKind))
      console.log(
        `${kind.padEnd(20)} ${tally.survived}/${tally.faults} survived, ${tally.lost} lost, ${tally.differing} differing`,
      );
    console.log(`${result.survived} of ${result.faults} faults survived (seed ${seed}).`);
  }
  return result.survived === result.faults ? 0 : 1;
}
