/**
 * `npm run -s perf -- [--json] [--rounds N]`: how the page feels while the engine works on one thread.
 * First paint of the recorded run under 2 s, the first words of a run under 5 s after its button; the delay of the main
 * thread while the agents debate, while the student trains, and while a list of over 5,000 turns scrolls, at most 1.25 times
 * that of an empty virtual list while the same job is in the same phase without a view. The two take turns within a round,
 * and in who is first from round to round; what holds is the median of the rounds' ratios, so that a busy moment of the
 * machine, which strikes one round, decides nothing.
 */
import { cpus } from 'node:os';
import { chromium } from 'playwright';
import { ensureBuild } from '../lib/build.mjs';
import { chromiumArgs, findChromium } from '../lib/chromium.mjs';
import { badArgument, readFlags } from '../lib/commandError.mjs';
import { startServer } from '../lib/server.mjs';
/** @import {Browser} from 'playwright' */
/** @import {Automation, JobEvent} from '../lib/product' */

/**
 * @typedef {{delay: number[], training: number[], scroll: number[]}} Delays milliseconds of each sample, by what was done
 * @typedef {Record<keyof Delays, number[][]>} Rounds
 *
 * @typedef {object} Measured what the page keeps on its window
 * @property {number} [paintedAt]
 * @property {Promise<number>} [firstTurn]
 * @property {(message: string) => void} [arkletRefused]
 *
 * @typedef {Window & Measured} MeasuredWindow
 */

const paintBound = 2;
const turnBound = 5;
const ratioBound = 1.25;
/** Milliseconds of one measurement. */
const span = 4000;
/** Milliseconds that a phase of the job may take before the next one. */
const patience = 240_000;
const flags = { preset: 'quick', backend: 'cpu' };
/**
 * What is compared with the empty page.
 * @type {readonly (keyof Delays)[]}
 */
const compared = ['delay', 'training', 'scroll'];

/**
 * In the page: milliseconds from a moment until the frame after it is done, many times over; the list of `selector` is moved.
 * @param {{milliseconds: number, selector: string | null}} options
 * @returns {Promise<number[]>}
 */
function measure({ milliseconds, selector }) {
  const list = selector === null ? null : document.querySelector(selector);
  if (selector !== null && !list) throw new Error(`no ${selector}`);
  const { port1, port2 } = new MessageChannel();
  /** @type {number[]} */
  const delays = [];
  return new Promise((resolve) => {
    const end = performance.now() + milliseconds;
    const once = () => {
      const began = performance.now();
      if (list) {
        list.scrollTop += 160;
        if (list.scrollTop + list.clientHeight >= list.scrollHeight - 1) list.scrollTop = 0;
      }
      port1.onmessage = () => {
        const now = performance.now();
        delays.push(now - began);
        if (now > end) resolve(delays);
        // A moment at random within a frame.
        else setTimeout(once, Math.random() * 20);
      };
      requestAnimationFrame(() => port2.postMessage(null));
    };
    once();
  });
}

/** In the page: a virtual list of 5,000 rows that hold nothing. */
function emptyList() {
  const list = document.createElement('div');
  list.id = 'empty';
  Object.assign(list.style, { position: 'relative', overflowY: 'auto', height: '30rem' });
  const space = document.createElement('div');
  Object.assign(space.style, { position: 'relative', height: `${5000 * 64}px` });
  list.append(space);
  document.body.append(list);
  /** @type {HTMLElement[]} */
  const rows = [];
  const place = () => {
    const first = Math.floor(list.scrollTop / 64);
    for (let i = 0; i < 16; i++) {
      const row = (rows[i] ??= space.appendChild(document.createElement('div')));
      Object.assign(row.style, { position: 'absolute', height: '64px', inset: '0 0 auto' });
      row.style.transform = `translateY(${(first + i) * 64}px)`;
    }
  };
  list.addEventListener('scroll', place);
  place();
}

/** @param {readonly number[]} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
/** @param {readonly number[]} values @param {number} index */
const sorted = (values, index) => [...values].sort((a, b) => a - b)[Math.floor(index)] ?? NaN;
/** @param {readonly number[]} values */
const median = (values) => sorted(values, values.length / 2);
/** @param {readonly number[]} values */
const high = (values) => sorted(values, 0.95 * (values.length - 1));

/** @param {Browser} browser @param {string} url @returns {Promise<number>} seconds */
async function firstPaint(browser, url) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  try {
    await page.addInitScript(() => {
      const look = () => {
        const shown =
          document.querySelectorAll('[role=option]').length > 3 &&
          document.querySelector('table, dl, section');
        if (!shown) requestAnimationFrame(look);
        else requestAnimationFrame(() => Object.assign(window, { paintedAt: performance.now() }));
      };
      requestAnimationFrame(look);
    });
    await page.goto(url);
    await page.waitForFunction(() => 'paintedAt' in window, null, { timeout: 60_000 });
    return ((await page.evaluate(() => /** @type {MeasuredWindow} */ (window).paintedAt)) ?? NaN) / 1000;
  } finally {
    await page.close();
  }
}

/** In the page: `window.firstTurn` is milliseconds from the next click to the frame that shows what an agent of it says. */
function watchFirstTurn() {
  const said = () =>
    document.querySelector('.badge.working') !== null &&
    [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('.turn .reply'))].some(
      ({ innerText }) => innerText.trim() !== '',
    );
  /** @type {MeasuredWindow} */ (window).firstTurn = new Promise((resolve) => {
    /** @param {MouseEvent} event */
    const onClick = ({ timeStamp }) => {
      const look = () => {
        if (said()) requestAnimationFrame(() => resolve(performance.now() - timeStamp));
        else requestAnimationFrame(look);
      };
      look();
    };
    addEventListener('click', onClick, { capture: true, once: true });
  });
}

/**
 * In the app while its job runs: delays of the live view in debate and in training, and of scrolling the recorded run's list;
 * seconds until the first turn.
 * @param {Browser} browser
 * @param {string} url
 * @returns {Promise<Delays & {firstTurn: number}>}
 */
async function inApp(browser, url) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    serviceWorkers: 'block',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  /** @param {string} text */
  const status = (text) => page.locator('[role=status]', { hasText: text });
  try {
    await page.goto(`${url}#${new URLSearchParams(flags)}`);
    const run = page.getByRole('button', { name: 'Run on the bundled models' });
    await run.waitFor();
    await page.evaluate(watchFirstTurn);
    await run.click();
    const firstTurn =
      ((await page.evaluate(() => /** @type {MeasuredWindow} */ (window).firstTurn)) ?? NaN) / 1000;
    await status('Debate: running').waitFor({ state: 'attached' });
    const delay = await page.evaluate(measure, { milliseconds: span, selector: null });
    await page.getByRole('button', { name: 'Runs', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Open', exact: true }).first().click();
    await page.getByText('Recorded run').first().waitFor();
    await page.getByRole('tab', { name: /Debate/ }).click();
    await page.getByRole('listbox', { name: 'Questions' }).waitFor();
    const scroll = await page.evaluate(measure, { milliseconds: span, selector: '[role=listbox]' });
    await page.getByRole('button', { name: 'Watch the run in progress' }).click();
    await status('Distil: running').waitFor({ state: 'attached' });
    await page.getByRole('tab', { name: /Distil/ }).click();
    await page.locator('#panel-distil canvas').first().waitFor();
    const training = await page.evaluate(measure, { milliseconds: span, selector: null });
    if ((await status('Distil: running').count()) === 0) throw new Error('the training ended too early');
    return { firstTurn, delay, scroll, training };
  } finally {
    await context.close();
  }
}

/**
 * The same with the job driven by a page that shows an empty list.
 * @param {Browser} browser
 * @param {string} url
 * @returns {Promise<Delays>}
 */
async function inEmptyPage(browser, url) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    serviceWorkers: 'block',
  });
  const page = await context.newPage();
  try {
    /** @type {string | null} */
    let phase = null;
    let heard = () => {};
    /** @type {(error: Error) => void} */
    let refused = () => {};
    /** @type {Promise<never>} */
    const failed = new Promise((_, reject) => (refused = reject));
    failed.catch(() => {});
    /** @param {string} wanted */
    const reaches = (wanted) =>
      Promise.race([
        failed,
        new Promise((resolve) => {
          heard = () => {
            if (phase === wanted) resolve(null);
          };
          heard();
        }),
      ]);
    await page.exposeFunction('arkletEvent', (/** @type {JobEvent} */ event) => {
      if (event.type !== 'progress') return;
      phase = event.phase;
      heard();
    });
    await page.exposeFunction('arkletRefused', (/** @type {string} */ message) =>
      refused(new Error(message)),
    );
    await page.goto(`${url}?automation`);
    await page.waitForFunction(() => window.arklet !== undefined);
    await page.evaluate((given) => {
      const own = /** @type {MeasuredWindow & {arklet: Automation}} */ (window);
      void own.arklet
        .distil({ flags: given, questions: null, from: null, keys: {}, out: 'none/' })
        .then((outcome) => {
          if (!outcome.ok) own.arkletRefused?.(outcome.error.message);
        });
    }, flags);
    await reaches('debate');
    await page.evaluate(emptyList);
    const delay = await page.evaluate(measure, { milliseconds: span, selector: null });
    const scroll = await page.evaluate(measure, { milliseconds: span, selector: '#empty' });
    await reaches('distil');
    const training = await page.evaluate(measure, { milliseconds: span, selector: null });
    if (phase !== 'distil') throw new Error('the training ended too early');
    return { delay, scroll, training };
  } finally {
    await context.close();
  }
}

/** @param {string[]} args @returns {Promise<number>} exit code */
export async function main(args) {
  const { flags: read, rest } = readFlags(args);
  /** @type {Partial<Record<string, string>>} */
  const given = read;
  const { json, rounds = '5', ...unknown } = given;
  const odd = [...rest, ...Object.keys(unknown)];
  if (odd.length > 0) throw badArgument(`"${odd[0]}" is not known.`, 'Flags: --json, --rounds.');
  if (!/^[1-9]\d{0,3}$/.test(rounds))
    throw badArgument(
      `--rounds is "${rounds}", but must be a whole number from 1 to 9999.`,
      'Write --rounds 5, or leave it out.',
    );
  const server = await startServer({ root: ensureBuild(), plain: true });
  const browser = await chromium.launch({ executablePath: await findChromium(), args: chromiumArgs });
  /** @type {number[]} */
  const paints = [];
  /** @type {number[]} */
  const firstTurns = [];
  /** @type {Rounds} */
  const app = { delay: [], training: [], scroll: [] };
  /** @type {Rounds} */
  const empty = { delay: [], training: [], scroll: [] };
  try {
    for (let round = 0; round < Number(rounds); round++) {
      paints.push(await firstPaint(browser, server.url));
      const measureApp = async () => {
        const found = await inApp(browser, server.url);
        for (const key of compared) app[key].push(found[key]);
        firstTurns.push(found.firstTurn);
      };
      const measureEmpty = async () => {
        const found = await inEmptyPage(browser, server.url);
        for (const key of compared) empty[key].push(found[key]);
      };
      for (const work of round % 2 === 0 ? [measureApp, measureEmpty] : [measureEmpty, measureApp])
        await work();
    }
  } finally {
    await browser.close();
    await server.close();
  }
  /** @param {keyof Delays} key */
  const compare = (key) => {
    /** @param {readonly number[][]} rows */
    const figures = (rows) => ({
      mean: median(rows.map(mean)),
      p95: median(rows.map(high)),
      samples: rows.reduce((sum, row) => sum + row.length, 0),
    });
    const [ours, baseline] = [figures(app[key]), figures(empty[key])];
    const ratios = app[key].map((row, round) => mean(row) / mean(empty[key][round] ?? []));
    const ratio = median(ratios);
    return {
      unit: 'ms',
      app: ours,
      empty: baseline,
      ratios,
      ratio,
      bound: ratioBound,
      pass: ratio <= ratioBound,
    };
  };
  /** @param {number[]} values @param {number} bound */
  const under = (values, bound) => ({
    unit: 's',
    values,
    bound,
    median: median(values),
    pass: median(values) < bound,
  });
  const result = {
    machine: `${cpus().length} x ${cpus()[0]?.model ?? 'CPU'}`,
    firstPaint: under(paints, paintBound),
    firstTurn: under(firstTurns, turnBound),
    delay: compare('delay'),
    training: compare('training'),
    scroll: compare('scroll'),
  };
  const pass = /** @type {const} */ (['firstPaint', 'firstTurn', ...compared]).every(
    (key) => result[key].pass,
  );
  if (json) console.log(JSON.stringify({ ...result, pass }, null, 1));
  else {
    for (const { name, values, bound } of [
      { name: 'first paint', ...result.firstPaint },
      { name: 'first turn', ...result.firstTurn },
    ])
      console.log(
        `${name.padEnd(12)}  ${values.map((value) => value.toFixed(2)).join(', ')} s (under ${bound})`,
      );
    for (const key of compared) {
      const { app: ours, empty: baseline, ratio, ratios } = result[key];
      console.log(
        `${key.padEnd(12)}  app ${ours.mean.toFixed(1)} ms (95 %: ${ours.p95.toFixed(1)}), empty list ${baseline.mean.toFixed(1)} ms (95 %: ${baseline.p95.toFixed(1)}): ${ratio.toFixed(2)}x (rounds ${ratios.map((one) => one.toFixed(2)).join(', ')}; at most ${ratioBound})`,
      );
    }
    console.log(pass ? 'holds' : 'MISSED');
  }
  return pass ? 0 : 1;
}
