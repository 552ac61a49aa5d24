/** `npm run distil -- [flags]`: the whole job in headless Chromium. docs/contracts.md lists the flags. */
import { existsSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { withPage } from '../lib/browser.mjs';
import { badArgument, CommandError, messageOf, readFlags } from '../lib/commandError.mjs';
import { interruption, stoppable, wasInterrupted } from '../lib/interrupt.mjs';
import { parseJson, readJson } from '../lib/json.mjs';
import { withSources } from '../node.mjs';
import { writableFolder } from '../lib/outFolder.mjs';
/** @import {Page} from 'playwright' */
/** @import {Automation, DistilRequest, JobEvent, PadReport} from '../lib/product' */

/** What the server mounts: a file, a folder, or a folder under a name. @typedef {string | {folder: string, name: string}} Mount */

/** Turns paths of this machine into addresses under the served mounts. */
class Mounts {
  /** @type {Mount[]} */
  paths = [];

  /**
   * The spec a page resolves: a folder or file becomes files/N/NAME, anything else stays.
   * @param {string} text
   * @returns {string}
   */
  spec(text) {
    const [, kind, name = ''] = /^(recorded|transformers):(.+)$/.exec(text) ?? [];
    if (kind === 'recorded') {
      // The folder of a run, or one of its two files that hold the debate.
      const folder = existsSync(name) && statSync(name).isDirectory();
      return `recorded:${this.file(folder ? join(name, 'trajectories.jsonl') : name)}`;
    }
    if (kind && existsSync(join(name, 'config.json'))) return `${kind}:${this.spec(resolve(name))}`;
    if (text.startsWith('webllm:')) return this.webllm(text);
    if (/^(transformers|endpoint|https?):/.test(text) || !/[\\/.]/.test(text)) return text;
    if (!existsSync(text))
      throw badArgument(`There is no model at ${text}.`, 'Give a folder with config.json or a .gguf file.');
    if (statSync(text).isDirectory()) {
      if (!existsSync(join(text, 'config.json'))) {
        throw badArgument(`${text} holds no config.json.`, 'Give a Hugging Face model folder.');
      }
      // The folder's own name is part of the model's.
      const folder = resolve(text);
      const name = basename(folder);
      return `files/${this.add({ folder, name })}/${encodeURIComponent(name)}`;
    }
    return this.file(text);
  }

  /**
   * Folder of the weights and file of the library, where webllm:ID?model=PATH&lib=PATH names them on this machine.
   * @param {string} text
   */
  webllm(text) {
    const at = text.indexOf('?');
    if (at < 0) return text;
    const settings = new URLSearchParams(text.slice(at + 1));
    const model = settings.get('model');
    const library = settings.get('lib');
    if (model !== null && existsSync(model)) settings.set('model', `files/${this.add(resolve(model))}/`);
    if (library !== null && existsSync(library)) settings.set('lib', this.file(library));
    return `${text.slice(0, at)}?${settings}`;
  }

  /** @param {string} path */
  file(path) {
    if (!existsSync(path) || !statSync(path).isFile())
      throw badArgument(`There is no file ${path}.`, 'Check the path.');
    return `files/${this.add(resolve(path))}/${encodeURIComponent(basename(path))}`;
  }

  /** @param {Mount} mount @returns {number} its index */
  add(mount) {
    const known = this.paths.findIndex((one) => JSON.stringify(one) === JSON.stringify(mount));
    return known >= 0 ? known : this.paths.push(mount) - 1;
  }
}

/** A progress line on stderr: redrawn on a terminal, one line every ten seconds elsewhere. */
function progressLine(stream = process.stderr) {
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
  return (/** @type {JobEvent} */ event) => {
    if (event.type === 'device') say(`${event.backend} (${event.device}). ${event.reason}`);
    if (event.type === 'error') say(`warning: ${event.error.message}`);
    if (event.type === 'dataset') {
      const { strategy, kept, dropped } = event.dataset;
      say(`${strategy}: ${kept} traces, dropped ${JSON.stringify(dropped)}`);
    }
    if (event.type === 'pad') padLines(event.pad).forEach(say);
    if (event.type !== 'progress') return;
    const share = event.total === 0 ? 1 : event.done / event.total;
    const speed = event.tokensPerSecond === null ? '' : ` ${Math.round(event.tokensPerSecond)} tokens/s`;
    const line = `${event.phase.padEnd(8)} ${bar(share)} ${event.done}/${event.total} ${event.detail}${speed}${clock(event.secondsLeft)}`;
    if (stream.isTTY) {
      shown = line.slice(0, (stream.columns ?? 100) - 1);
      stream.write(`\r\x1b[K${shown}${event.phase === 'done' ? '\n' : ''}`);
      return;
    }
    const now = Date.now();
    const stage = `${event.phase} ${event.detail}`;
    if (now - last < 10_000 && stage === lastStage) return;
    last = now;
    lastStage = stage;
    stream.write(`${line}\n`);
  };
}

/**
 * What PAD came to, a line for each reward model and training.
 * @param {PadReport} report
 */
function padLines({ rewardModels, runs }) {
  /** @param {number} share */
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const judges = rewardModels.map(
    ({ seed, auc, n }) =>
      `reward model, seed ${seed}: step AUC ${auc?.toFixed(3) ?? 'unknown'} on ${n} held-out steps`,
  );
  const trainings = runs.map(({ strategy, seed, evaluations, generatedTokens, stopped }) => {
    const [first, last] = [evaluations[0], evaluations.at(-1)];
    const accuracy =
      first && last ? `, held out ${percent(first.accuracy)} -> ${percent(last.accuracy)}` : '';
    const end = stopped
      ? ` REWARD HACKING: ended at update ${stopped.step}, the reward rose while accuracy fell.`
      : '';
    return `${strategy}, seed ${seed}: ${generatedTokens} tokens generated${accuracy}.${end}`;
  });
  return [...judges, ...trainings];
}

/**
 * A name of the output folder that follows from the settings: the same command finds its run again.
 * @param {Partial<Record<string, string>>} flags
 */
function outFolder(flags) {
  if (flags.out) return resolve(flags.out);
  const parts = Object.entries(flags)
    .filter(([name]) => name !== 'out' && name !== 'json')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value = '']) => (name === 'preset' ? value : `${name}-${basename(value)}`));
  const name =
    parts
      .join('_')
      .replace(/[^A-Za-z0-9._+-]+/g, '-')
      .slice(0, 120) || 'quick';
  return resolve('runs', name);
}

/**
 * `--personas NAME|FILE` as the page reads it: a preset's name or JSON. A persona's model may be a path.
 * @param {string} text
 * @param {Mounts} mounts
 */
function personas(text, mounts) {
  if (!existsSync(text) || !statSync(text).isFile()) return text;
  /** @type {unknown} */
  let list;
  try {
    list = readJson(text);
  } catch (error) {
    throw badArgument(`${text} is not JSON: ${messageOf(error)}`, 'Write a list of {name, system?, ...}.');
  }
  if (!Array.isArray(list))
    throw badArgument(`${text} holds no list.`, 'Write a list of {name, system?, ...}.');
  /** What is no persona is left for the settings to refuse. @param {unknown} one */
  const own = (one) =>
    typeof one === 'object' && one !== null && 'model' in one && typeof one.model === 'string'
      ? { ...one, model: mounts.spec(one.model) }
      : one;
  return JSON.stringify(list.map(own));
}

/**
 * Addresses of the endpoints that the agents name.
 * @param {readonly (string | undefined)[]} texts
 */
function endpointsOf(...texts) {
  const found = texts.flatMap((text) => [...(text ?? '').matchAll(/endpoint:(https?:\/\/[^#\s"]+)#/g)]);
  return [...new Set(found.map(([, address = '']) => address.replace(/\/+$/, '')))];
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

/**
 * Throws for flags that are unknown and values that are absurd, as the page would.
 * @param {Record<string, string>} flags
 */
async function checkFlags(flags) {
  await withSources(async (load) => {
    const { flagError } = /** @type {typeof import('../lib/checkFlags')} */ (
      await load('/scripts/lib/checkFlags.ts')
    );
    const error = flagError(flags);
    if (error !== null) throw new CommandError(error);
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
  const { flags: read, rest: words } = readFlags(args, (name) => !bare.includes(name));
  if (words.length > 0)
    throw badArgument(
      `"${words[0]}" is not a flag.`,
      'Write flags as --name value; docs/contracts.md and docs/settings.md list them.',
    );
  /** @type {Partial<Record<string, string>>} */
  const flags = read;
  const out = outFolder(flags);
  const { json, from, questions } = flags;
  const own = ['out', 'json', 'from', 'questions'];
  const rest = Object.fromEntries(Object.entries(read).filter(([name]) => !own.includes(name)));
  const mounts = new Mounts();
  if (rest.agents) {
    rest.agents = rest.agents
      .split(',')
      .map((one) => mounts.spec(one.trim()))
      .join(',');
  }
  if (rest.personas) rest.personas = personas(rest.personas, mounts);
  const endpoints = endpointsOf(rest.agents, rest.personas);
  const keys = endpointKeys(endpoints);
  if (rest.student) rest.student = mounts.spec(rest.student);
  const questionFile = questions === undefined ? null : mounts.file(questions);
  if (questions !== undefined) rest.questions = basename(questions);
  const archive = from === undefined ? null : mounts.file(join(from, 'run.arklet.json.gz'));
  await checkFlags(rest);
  const made = !existsSync(out);
  writableFolder(out);

  // The browser's storage: what an interrupted or failed run goes on from. A finished run is in its files.
  const userDataDir = join(out, '.browser');
  const begun = existsSync(userDataDir);
  const options = {
    mounts: mounts.paths,
    out,
    userDataDir,
    // The command is its own browser: servers need not allow other origins for it.
    chromiumArgs: endpoints.length > 0 ? ['--disable-web-security'] : [],
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
  const show = progressLine();
  const outcome = await stoppable(stop, () =>
    withPage(options, async (page, urls) => {
      await page.exposeFunction('arkletEvent', (/** @type {JobEvent} */ event) => {
        worked ||= event.type === 'progress' && event.done > 0;
        show(event);
      });
      await page.exposeFunction(
        'arkletSay',
        (/** @type {string} */ line) => void process.stderr.write(`${line}\n`),
      );
      await page.waitForFunction(() => window.arklet !== undefined, undefined, { timeout: 60_000 });
      if (wasInterrupted()) throw interruption();
      working = page;
      const watched = watch(page);
      try {
        /** @type {DistilRequest} */
        const request = {
          flags: rest,
          questions: questionFile && urls.app + questionFile,
          from: archive && urls.app + archive,
          keys,
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
    if (outcome.error.code === 'config' && !worked) {
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
