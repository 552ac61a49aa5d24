/** `npm run distil -- [flags]`: the whole job in headless Chromium. docs/contracts.md lists the flags. */
import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { withPage } from '../lib/browser.mjs';
import { badArgument, CommandError, readFlags } from '../lib/commandError.mjs';
import { interruption, stoppable, wasInterrupted } from '../lib/interrupt.mjs';
import { parseJson } from '../lib/json.mjs';
import { withSources } from '../node.mjs';
import { writableFolder } from '../lib/outFolder.mjs';
/** @import {Page} from 'playwright' */
/** @import {Automation, DistilRequest, JobEvent, JobWords} from '../lib/product' */

/**
 * A progress line on stderr, and lines above it: redrawn on a terminal, one line every ten seconds elsewhere.
 * @param {JobWords} words
 */
function progressLine(words, stream = process.stderr) {
  let shown = '';
  let last = 0;
  let lastStage = '';
  /** @param {number} share */
  const bar = (share) => '#'.repeat(Math.round(share * 20)).padEnd(20, '.');
  /** @param {number | null} seconds */
  const clock = (seconds) => {
    if (seconds === null) return '';
    const whole = Math.round(seconds);
    return ` ${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')} left`;
  };
  /** @param {string} line */
  const say = (line) => {
    if (stream.isTTY) stream.write(`\r\x1b[K${line}\n${shown}`);
    else stream.write(`${line}\n`);
  };
  const show = (/** @type {JobEvent} */ event) => {
    if (event.type === 'device') say(`${event.backend} (${event.device}). ${words.deviceText(event.reason)}`);
    if (event.type === 'error') say(`warning: ${event.error.message}`);
    if (event.type === 'dataset') say(words.datasetText(event.dataset));
    if (event.type !== 'progress') return;
    const detail = words.progressText(event.detail);
    const share = event.total === 0 ? 1 : event.done / event.total;
    const speed = event.tokensPerSecond === null ? '' : ` ${Math.round(event.tokensPerSecond)} tokens/s`;
    const line = `${event.phase.padEnd(8)} ${bar(share)} ${event.done}/${event.total} ${detail}${speed}${clock(event.secondsLeft)}`;
    if (stream.isTTY) {
      shown = line.slice(0, (stream.columns ?? 100) - 1);
      stream.write(`\r\x1b[K${shown}${event.phase === 'done' ? '\n' : ''}`);
      return;
    }
    const now = Date.now();
    const stage = `${event.phase} ${detail}`;
    if (now - last < 10_000 && stage === lastStage) return;
    last = now;
    lastStage = stage;
    stream.write(`${line}\n`);
  };
  return { show, say };
}

/**
 * Without folders, also behind NAME=; where a file may stand, what is none is a dataset's name.
 * @param {string} text
 * @param {boolean} ofFiles
 */
function shortPath(text, ofFiles) {
  const [, name = '', path = ''] = /^([a-z0-9-]+=)?(.*)$/s.exec(text) ?? [];
  return name + (ofFiles && !existsSync(path) ? path : basename(path));
}

/** Flags that name question files. */
const fileFlags = ['questions', 'train-file', 'test-file', 'eval'];

/**
 * A name of the output folder that follows from the settings: the same command finds its run again.
 * @param {Partial<Record<string, string>>} flags
 */
function outFolder(flags) {
  if (flags.out) return resolve(flags.out);
  const parts = Object.entries(flags)
    .filter(([name]) => name !== 'out' && name !== 'json')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value = '']) =>
      name === 'preset'
        ? value
        : `${name}-${value
            .split(',')
            .map((one) => shortPath(one, fileFlags.includes(name)))
            .join('+')}`,
    );
  const name =
    parts
      .join('_')
      .replace(/[^A-Za-z0-9._+-]+/g, '-')
      .slice(0, 120) || 'quick';
  return resolve('runs', name);
}

/**
 * Keys by address from ARKLET_ENDPOINT_KEY: one key, or JSON {"ADDRESS": "KEY"} where the endpoints are on several servers,
 * because a key must not go to a server that it is not for.
 * @param {readonly string[]} urls
 * @param {string | undefined} text
 * @returns {Record<string, string>}
 */
function endpointKeys(urls, text = process.env.ARKLET_ENDPOINT_KEY) {
  if (!text || urls.length === 0) return {};
  if (text.trim().startsWith('{')) {
    try {
      return parseJson(text);
    } catch {
      throw badArgument('ARKLET_ENDPOINT_KEY is not JSON.', 'Give one key, or {"ADDRESS": "KEY"}.');
    }
  }
  const origins = new Set(urls.map((url) => new URL(url).origin));
  if (origins.size > 1) {
    throw badArgument(
      `ARKLET_ENDPOINT_KEY is one key, but the endpoints are on ${origins.size} servers.`,
      'Give {"ADDRESS": "KEY"} for those that need one.',
    );
  }
  return Object.fromEntries(urls.map((url) => [url, text]));
}

/** Flags that stand for themselves. */
const bare = [
  'json',
  'consensus-stop',
  'self-check',
  'summariser',
  'pad-mask-truncated',
  'pad-stop-on-hacking',
];

/** Flags that are given once for each part of a list. */
const repeated = ['eval'];

/** Flags as they are given, before their values are looked at. @param {readonly string[]} args */
export const distilFlags = (args) => readFlags(args, (name) => !bare.includes(name), repeated);

/**
 * What the page is asked for: paths of this machine as addresses under its mounts. Throws for flags that are unknown and
 * values that are absurd, as the page would.
 * @param {Partial<Record<string, string>>} asked
 */
async function pageRequest(asked) {
  return withSources(async (load) => {
    const { checkHub, checkRequest } = /** @type {typeof import('../lib/checkRequest')} */ (
      await load('/scripts/lib/checkRequest.ts')
    );
    const { error, request } = await checkRequest(asked);
    if (request === null) throw new CommandError(error);
    const { HF_TOKEN: token, HF_ENDPOINT: mirror } = process.env;
    const { error: wrong, hub } = checkHub(token ?? null, mirror ?? null);
    if (hub === null) {
      request.remove();
      throw new CommandError(wrong);
    }
    const words = /** @type {JobWords} */ (await load('/src/ui/strings/job.ts'));
    return { ...request, keys: endpointKeys(request.endpoints), hub, words };
  });
}

/** Milliseconds between two looks at the page, and until one that does not answer counts as gone. */
const look = { every: 15_000, patience: 120_000 };

const silent = () =>
  new CommandError({
    code: 'browser',
    message: `The browser has not answered for ${look.patience / 1000} s.`,
    hint: 'Run the same command again: it continues where it stopped.',
  });

/**
 * Whether the page answers in time; one that fails to has answered.
 * @param {Page} page
 * @returns {Promise<boolean>}
 */
async function answers(page) {
  /** @type {NodeJS.Timeout | undefined} */
  let late;
  /** @type {Promise<boolean>} */
  const silence = new Promise((done) => (late = setTimeout(done, look.patience, false)));
  const answer = page.evaluate(() => true).catch(() => true);
  const does = await Promise.race([answer, silence]);
  clearTimeout(late);
  return does;
}

/**
 * Rejects when the page no longer answers.
 * @param {Page} page
 */
function watch(page) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  /** @type {Promise<never>} */
  const gone = new Promise((_, fail) => {
    const again = () => {
      timer = setTimeout(
        () => void answers(page).then((does) => (does ? again() : fail(silent()))),
        look.every,
      );
    };
    again();
  });
  gone.catch(() => {});
  return { gone, end: () => clearTimeout(timer) };
}

/** @param {string[]} args @returns {Promise<number>} exit code */
export async function main(args) {
  const { flags: read, rest: others } = distilFlags(args);
  if (others.length > 0)
    throw badArgument(
      `"${others[0]}" is not a flag.`,
      'Write flags as --name value; docs/contracts.md and docs/settings.md list them.',
    );
  /** @type {Partial<Record<string, string>>} */
  const flags = read;
  const out = outFolder(flags);
  const { json } = flags;
  const asked = Object.fromEntries(
    Object.entries(read).filter(([name]) => name !== 'out' && name !== 'json'),
  );
  const {
    flags: rest,
    mounts,
    endpoints,
    keys,
    hub,
    files,
    archive,
    words,
    remove,
  } = await pageRequest(asked);
  process.once('exit', remove);
  const made = !existsSync(out);
  writableFolder(out);

  // The browser's storage: what an interrupted or failed run resumes from. A finished run is in its files.
  const userDataDir = join(out, '.browser');
  const begun = existsSync(userDataDir);
  const options = {
    mounts,
    out,
    userDataDir,
    // The command is its own browser: servers and mirrors need not allow other origins for it.
    chromiumArgs: endpoints.length > 0 || hub.mirror !== null ? ['--disable-web-security'] : [],
    log: (/** @type {string} */ line) => (process.env.DEBUG ? console.error(line) : undefined),
  };
  /**
   * The page that works; null before and after.
   * @type {Page | null}
   */
  let working = null;
  /** Anything that going on would save. */
  let worked = begun;
  const stop = () => {
    console.error('\nStopping; the same command goes on from here. Once more to end at once.');
    working?.evaluate(() => window.arklet?.stop()).catch(() => {});
  };
  const { show, say } = progressLine(words);
  const outcome = await stoppable(stop, () =>
    withPage(options, async (page, urls) => {
      await page.exposeFunction('arkletEvent', (/** @type {JobEvent} */ event) => {
        worked ||= event.type === 'progress' && event.done > 0;
        show(event);
      });
      await page.exposeFunction('arkletSay', say);
      await page.waitForFunction(() => window.arklet !== undefined, undefined, { timeout: 60_000 });
      if (wasInterrupted()) throw interruption();
      working = page;
      const watched = watch(page);
      try {
        // A dataset's name is an address of its own.
        const placeOf = (/** @type {string} */ file) => new URL(file, urls.app).href;
        /** @type {DistilRequest} */
        const request = {
          flags: rest,
          questions: files.questions && placeOf(files.questions),
          test: files.test && placeOf(files.test),
          sets: Object.fromEntries(Object.entries(files.sets).map(([name, file]) => [name, placeOf(file)])),
          from: archive && urls.app + archive,
          keys,
          hub,
          out: urls.out,
        };
        return await Promise.race([
          page.evaluate((given) => /** @type {Automation} */ (window.arklet).distil(given), request),
          watched.gone,
        ]);
      } finally {
        working = null;
        watched.end();
      }
    }),
  ).catch((/** @type {unknown} */ thrown) => {
    // A browser that goes because of the signal is no failure of its own.
    throw wasInterrupted() ? interruption() : thrown;
  });
  if (!outcome.ok) {
    if (['config', 'nothing-to-learn'].includes(outcome.error.code) && !worked) {
      rmSync(userDataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
      if (made) rmdirSync(out);
    }
    throw new CommandError(outcome.error);
  }
  // Its files are there; the browser's storage stays, so that the same command finds them made.
  if (wasInterrupted()) throw interruption();
  rmSync(userDataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  const report = join(out, 'report.json');
  console.log(json === undefined ? report : JSON.stringify({ report }));
  return 0;
}
