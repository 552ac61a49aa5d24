/**
 * `npm run -s check:webllm -- --lib FILE --tokenizer FILE [--webllm-version V] [--max-tokens 4] [--timeout-min 60]`: the product's
 * whole chain with the real WebLLM on a compiled library and noise weights. Progress on stderr, one line of JSON on stdout.
 *
 * Two WebLLM agents debate one question with one exchange; a bundled student learns from what they said. The questions of the
 * comparison are answered by bundled agents beforehand: on a software GPU a turn of WebLLM takes minutes. Last, the same files are
 * picked into the app's own storage, from where WebLLM must say the same.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { withPage } from '../lib/browser.mjs';
import { ensureBuild } from '../lib/build.mjs';
import { badArgument, CommandError, readFlags } from '../lib/commandError.mjs';
import { parseJson } from '../lib/json.mjs';
import { withSources } from '../node.mjs';
import { ensureWasm } from '../wasm.mjs';
import { chainFlags, learntFromWebllm, sourceArchive } from '../lib/webllm/chain.mjs';
import { makeNoiseModel } from '../lib/webllm/noiseModel.mjs';
/** @import {BrowserContext, Page} from 'playwright' */
/** @import {Urls} from '../lib/types' */
/** @import {Automation, EvalProtocol, JobEvent, JobWords, Outcome, RunArchive, Turn} from '../lib/product' */

/**
 * @typedef {Partial<Record<string, string>>} Flags
 *
 * @typedef {{model: string, library: string}} Files paths of the noise model's folder and of the library
 *
 * @typedef {object} CheckOptions
 * @property {string} work a folder that the page reads
 * @property {string} out the folder that it writes
 * @property {number} maxTokens
 * @property {string} library its address
 * @property {Files} files
 */
import { root } from '../lib/root.mjs';

const flagNames = ['lib', 'tokenizer', 'webllm-version', 'max-tokens', 'timeout-min'];
const began = Date.now();

/** @param {string} line */
function say(line) {
  console.error(`[${String(Math.round((Date.now() - began) / 1000)).padStart(5)} s] ${line}`);
}

/** @param {Flags} flags @param {string} name */
function existing(flags, name) {
  const file = flags[name];
  if (!file || !existsSync(file)) {
    throw badArgument(
      file ? `There is no file ${file}.` : `--${name} is missing.`,
      'Give --lib FILE (a compiled MLC library) and --tokenizer FILE (a tokenizer.json).',
    );
  }
  return resolve(file);
}

/** @param {Flags} flags @param {string} name @param {number} otherwise */
function positive(flags, name, otherwise) {
  const value = Number(flags[name] ?? otherwise);
  if (!(Number.isInteger(value) && value > 0))
    throw badArgument(`--${name} is ${flags[name]}.`, `Give --${name} a whole number from 1.`);
  return value;
}

/**
 * The app built against a version of web-llm, in an ignored folder; dist/ when no version is named.
 * @param {string | undefined} version
 */
function builtApp(version) {
  if (version === undefined) return ensureBuild();
  if (!/^\d+\.\d+\.\d+[\w.-]*$/.test(version))
    throw badArgument(`--webllm-version is ${version}.`, 'Give a version such as 0.2.79.');
  const folder = join(root, '.cache', `webllm-${version}`);
  const packageFolder = join(folder, 'node_modules/@mlc-ai/web-llm');
  /** @type {import('node:child_process').StdioOptions} */
  const stdio = ['ignore', 2, 2];
  if (!existsSync(packageFolder)) {
    say(`Fetching @mlc-ai/web-llm ${version}`);
    mkdirSync(folder, { recursive: true });
    const wanted = [
      '--prefix',
      folder,
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      `@mlc-ai/web-llm@${version}`,
    ];
    execFileSync('npm', ['install', ...wanted], { cwd: folder, stdio });
  }
  say(`Building the app with web-llm ${version}`);
  const out = join(folder, 'dist');
  ensureWasm();
  execFileSync(
    process.execPath,
    [
      join(root, 'node_modules/vite/bin/vite.js'),
      'build',
      '--logLevel',
      'warn',
      '--outDir',
      out,
      '--emptyOutDir',
    ],
    { cwd: root, stdio, env: { ...process.env, WEBLLM_PACKAGE: packageFolder } },
  );
  return out;
}

/**
 * Prints the job's phases, and what speakers say.
 * @param {JobWords} words
 */
function listener(words) {
  let shown = '';
  return (/** @type {JobEvent} */ event) => {
    if (event.type === 'error') say(`problem: ${event.error.message}`);
    if (event.type !== 'progress' && event.type !== 'load') return;
    const line =
      event.type === 'load'
        ? `load ${event.model}: ${event.phase} ${25 * Math.floor((4 * event.loaded) / (event.total || 1))} %`
        : `${event.phase} ${event.done}/${event.total} ${words.progressText(event.detail)}`;
    if (line === shown) return;
    shown = line;
    say(line);
  };
}

/** @param {string} folder @returns {RunArchive} */
const readArchive = (folder) =>
  parseJson(gunzipSync(readFileSync(join(folder, 'run.arklet.json.gz'))).toString('utf8'));

/**
 * Turns in the browser's IndexedDB, generated by WebLLM. Runs in the page.
 * @returns {Promise<Turn[]>}
 */
async function storedTurns() {
  const open = indexedDB.open('arklet');
  /** @type {IDBDatabase} */
  const database = await new Promise((done, fail) => {
    open.onsuccess = () => done(open.result);
    open.onerror = () => fail(new Error(open.error?.message));
  });
  const request = database.transaction('turns').objectStore('turns').getAll();
  /** @type {(Turn | {turn: Turn})[]} */
  const turns = await new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(new Error(request.error?.message));
  });
  database.close();
  return turns.map((row) => ('turn' in row ? row.turn : row)).filter(({ backend }) => backend === 'webllm');
}

/**
 * @template T
 * @param {Outcome<T>} outcome
 */
const unwrap = (outcome) => {
  if (!outcome.ok) throw new CommandError(outcome.error);
  return outcome.value;
};

/**
 * Picks the folder and its library in a page of the app, as a person does; gives what a run names it by.
 * @param {BrowserContext} context
 * @param {string} app its address
 * @param {Files} files
 */
async function pick(context, app, { model, library }) {
  const page = await context.newPage();
  /** @param {string} name */
  const button = (name) => page.getByRole('button', { name });
  await page.goto(app);
  await button('Settings').click();
  await button('Add a model').click();
  await button('Local files').click();
  await page.getByLabel('Pick a folder').setInputFiles(model);
  await page.getByLabel('Pick its library (.wasm)').setInputFiles(library);
  await button(`Use ${basename(model)}`).waitFor({ timeout: 600_000 });
  await page.close();
  return `webllm:local:${basename(model)}`;
}

/** @param {Page} page @param {Urls} urls @param {CheckOptions} options */
async function check(page, urls, { work, out, maxTokens, library, files }) {
  const { words, isEvaluation } = await withSources(async (load) => ({
    words: /** @type {JobWords} */ (await load('/src/ui/strings/job.ts')),
    .../** @type {EvalProtocol} */ (await load('/src/records/evalProtocol.ts')),
  }));
  await page.exposeFunction('arkletEvent', listener(words));
  await page.exposeFunction('arkletSay', say);
  await page.waitForFunction(() => window.arklet !== undefined, undefined, { timeout: 60_000 });
  /** @param {Readonly<Record<string, string>>} flags @param {string | null} from @param {string} name */
  const distil = async (flags, from, name) =>
    unwrap(
      await page.evaluate((request) => /** @type {Automation} */ (window.arklet).distil(request), {
        flags,
        from,
        questions: null,
        keys: {},
        out: `${urls.out}${name}/`,
      }),
    );

  say('Bundled agents answer the questions of the comparison');
  await distil(chainFlags, null, 'bundled');

  const spec = `webllm:noise?model=${encodeURIComponent(urls.files[0] ?? '')}&lib=${encodeURIComponent(library)}&context=1024`;
  const source = sourceArchive(readArchive(join(out, 'bundled')), spec, maxTokens, isEvaluation);
  writeFileSync(join(work, 'source.json.gz'), gzipSync(JSON.stringify(source)));
  say('Two WebLLM agents debate one question, and a student learns from them');
  await distil(chainFlags, `${urls.files[2]}source.json.gz`, 'webllm');

  const stored = await page.evaluate(storedTurns);
  for (const { round, agent, reply } of stored)
    say(`round ${round}, agent ${agent}: ${JSON.stringify(reply)}`);
  const places = new Set(stored.map(({ round, agent }) => `${round}/${agent}`));
  const told = stored.find(({ round, agent }) => round === 0 && agent === 0);
  if (!told)
    throw new CommandError({ code: 'agent', message: 'No turn was stored.', hint: 'See the lines above.' });
  const { messages, sampling, reply } = told;
  const table = readFileSync(join(out, 'webllm/report.md'), 'utf8');
  /** @param {string} name */
  const asked = async (name) =>
    unwrap(
      await page.evaluate((request) => /** @type {Automation} */ (window.arklet).webllm(request), {
        spec: name,
        spoken: { messages, sampling, reply },
      }),
    );
  const result = await asked(spec);
  say("The same files from the app's own storage");
  const picked = await asked(`${await pick(page.context(), urls.app, files)}?context=1024`);
  return {
    version: result.version,
    device: result.device,
    turns: stored.length,
    repeatEqual: result.repeatEqual,
    cancelIsolated: result.cancelIsolated,
    nextAnswered: result.nextAnswered,
    pickedEqual: picked.repeatEqual,
    stored:
      places.size === 4 &&
      stored.every(({ reply: text, finishReason }) => text !== '' && finishReason !== 'error'),
    trained:
      learntFromWebllm(readArchive(join(out, 'webllm')), readArchive(join(out, 'bundled'))) &&
      table.includes('distilled:rsft'),
  };
}

/** @param {string[]} args @returns {Promise<number>} exit code: 0 when everything holds, 1 when something does not */
export async function main(args) {
  const { flags, rest } = readFlags(args);
  const unknown = rest[0] ?? Object.keys(flags).find((name) => !flagNames.includes(name));
  if (unknown) throw badArgument(`"${unknown}" is not a flag.`, `The flags are --${flagNames.join(', --')}.`);
  const library = existing(flags, 'lib');
  const tokenizer = existing(flags, 'tokenizer');
  const maxTokens = positive(flags, 'max-tokens', 4);
  const minutes = positive(flags, 'timeout-min', 60);
  const work = mkdtempSync(join(tmpdir(), 'arklet-webllm-'));
  const model = join(work, 'model');
  const out = join(work, 'out');
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  try {
    const { metadata, bytes, vocabulary } = await makeNoiseModel({ library, tokenizer, folder: model });
    say(
      `${metadata.model_type} ${metadata.quantization}: ${metadata.params.length} parameters of noise, ` +
        `${Math.round(bytes / 1e6)} MB, vocabulary ${vocabulary}`,
    );
    const app = builtApp(flags['webllm-version']);
    mkdirSync(out, { recursive: true });
    const options = {
      root: app,
      mounts: [model, library, work],
      out,
      log: (/** @type {string} */ line) => (process.env.DEBUG ? say(line) : undefined),
    };
    /** @type {Promise<never>} */
    const late = new Promise((_, fail) => {
      timer = setTimeout(
        () =>
          fail(
            new CommandError({
              code: 'agent',
              message: `Not finished after ${minutes} minutes.`,
              hint: 'Give more time with --timeout-min.',
            }),
          ),
        minutes * 60_000,
      );
    });
    late.catch(() => {});
    const result = await withPage(options, (page, urls) =>
      Promise.race([
        check(page, urls, {
          work,
          out,
          maxTokens,
          library: `${urls.files[1]}${encodeURIComponent(basename(library))}`,
          files: { model, library },
        }),
        late,
      ]),
    );
    const { repeatEqual, cancelIsolated, nextAnswered, pickedEqual, stored, trained } = result;
    const pass = repeatEqual && cancelIsolated && nextAnswered && pickedEqual && stored && trained;
    console.log(JSON.stringify({ ...result, pass }));
    return pass ? 0 : 1;
  } finally {
    clearTimeout(timer);
    rmSync(work, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
