/**
 * `npm run -s lm -- VERB --model M [flags] [--device chromium|dawn|cpu] [--json]`: docs/contracts.md lists verbs and flags.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { withPage } from '../lib/browser.mjs';
import { badArgument, CommandError, readFlags } from '../lib/commandError.mjs';
import { stoppable } from '../lib/interrupt.mjs';
import { restartForDawn, withSources } from '../node.mjs';
import { writableFolder } from '../lib/outFolder.mjs';
import { root } from '../lib/root.mjs';
/** @import {Log} from '../lib/types' */
/** @import {PageTools, ToolRequest} from '../lib/product' */

/**
 * @typedef {Omit<ToolRequest, 'checkpoint'>} Request
 *
 * @typedef {object} Options
 * @property {string} out
 * @property {string | null} checkpoint
 * @property {AbortSignal} signal
 * @property {Log} log
 *
 * @typedef {{index: number, name: string}} Place of a file among the mounts
 */

const verbs = ['tokenize', 'logits', 'generate', 'grad', 'train', 'export'];
/** Flags that the verb itself does not see. */
const ownFlags = ['model', 'adapter', 'data', 'out', 'device', 'json', 'init-adapter'];
const needsOut = ['logits', 'grad', 'train', 'export'];

/**
 * A bundled id, a folder or a .gguf file as a path.
 * @param {string | undefined} model
 */
function modelPath(model) {
  if (!model) throw badArgument('--model is missing.', 'Give a bundled id, a model folder or a .gguf file.');
  const bundled = join(root, 'public/models', model);
  if (/^[a-z0-9-]+$/.test(model) && existsSync(join(bundled, 'config.json'))) return bundled;
  if (!existsSync(model))
    throw badArgument(`There is no model ${model}.`, 'Give a bundled id, a model folder or a .gguf file.');
  return resolve(model);
}

/**
 * A folder of PEFT or mlx_lm, a training's output folder that holds adapter/, or a GGUF adapter.
 * @param {string | undefined} folder
 */
function adapterPath(folder) {
  if (folder === undefined) return null;
  if (folder.endsWith('.gguf') && existsSync(folder)) return resolve(folder);
  const found = [folder, join(folder, 'adapter')].find((path) =>
    existsSync(join(path, 'adapter_config.json')),
  );
  if (!found)
    throw badArgument(
      `${folder} holds no adapter_config.json.`,
      'Give a folder of PEFT or MLX-LM, or a GGUF adapter.',
    );
  return resolve(found);
}

/** @param {string | undefined} path */
function dataText(path) {
  if (path === undefined) return null;
  if (!existsSync(path)) throw badArgument(`There is no file ${path}.`, 'Check --data.');
  return readFileSync(path, 'utf8');
}

/** @param {Request} request @param {Options} options @returns {Promise<unknown>} the document */
async function inChromium(request, { out, checkpoint, signal, log }) {
  /** @type {string[]} */
  const mounts = [];
  /** @param {string | null} path @returns {Place | null} */
  const mount = (path) => {
    if (path === null) return null;
    const folder = statSync(path).isDirectory();
    mounts.push(path);
    return { index: mounts.length - 1, name: folder ? '' : encodeURIComponent(basename(path)) };
  };
  const places = {
    model: /** @type {Place} */ (mount(request.model)),
    adapter: mount(request.adapter),
    initAdapter: mount(request.initAdapter),
  };
  const saved = mount(checkpoint);
  const single = request.verb === 'logits' || request.verb === 'grad';
  const folder = single ? dirname(out) : out;
  return withPage(
    { mounts, out: folder, query: '?tools', log: process.env.DEBUG ? log : undefined },
    async (page, urls) => {
      page.setDefaultTimeout(0);
      await page.exposeFunction('arkletLine', log);
      await page.waitForFunction(() => window.arkletTools !== undefined, null, { timeout: 60_000 });
      signal.addEventListener(
        'abort',
        () => void page.evaluate(() => window.arkletTools?.stop()).catch(() => {}),
      );
      /** @param {Place} place */
      const at = ({ index, name }) => `${urls.files[index]}${name}`;
      /** @param {Place | null} place */
      const url = (place) => (place === null ? null : at(place));
      const outcome = await page.evaluate(
        (given) => /** @type {PageTools} */ (window.arkletTools).tool(given),
        {
          ...request,
          model: at(places.model),
          adapter: url(places.adapter),
          initAdapter: url(places.initAdapter),
          checkpointUrl: url(saved),
          backend: /** @type {const} */ ('webgpu'),
          out: single ? urls.out + encodeURIComponent(basename(out)) : urls.out,
        },
      );
      if (!outcome.ok) throw new CommandError(outcome.error);
      return outcome.value;
    },
  );
}

/** @param {string[]} args @returns {Promise<number>} exit code */
export async function main(args) {
  /** @param {string} name */
  const valued = (name) => ['model', 'adapter', 'data', 'out', 'device', 'init-adapter'].includes(name);
  const { flags: read, rest } = readFlags(args, valued);
  /** @type {Partial<Record<string, string>>} */
  const given = read;
  const [verb = '', ...more] = rest;
  if (!verbs.includes(verb) || more.length > 0)
    throw badArgument(`"${rest.join(' ')}" is not a verb.`, `Verbs: ${verbs.join(', ')}.`);
  const { model, adapter, data, out, device = 'chromium', 'init-adapter': initAdapter } = given;
  const flags = Object.fromEntries(Object.entries(read).filter(([name]) => !ownFlags.includes(name)));
  if (device !== 'chromium' && device !== 'dawn' && device !== 'cpu')
    throw badArgument(`--device is "${device}".`, 'Devices: chromium, dawn, cpu.');
  if (needsOut.includes(verb) && out === undefined)
    throw badArgument('--out is missing.', 'Say where the result goes.');
  if (device === 'dawn' && restartForDawn()) return restartForDawn.status;
  const path = modelPath(model);
  const name = model ?? path;
  const target = resolve(out ?? '.');
  const kept = join(target, 'checkpoint.safetensors');
  const checkpoint = verb === 'train' && existsSync(kept) ? kept : null;
  const earlier = join(target, 'log.jsonl');
  /** @type {Request} */
  const request = {
    verb,
    model: path,
    adapter: adapterPath(adapter),
    initAdapter: adapterPath(initAdapter),
    data: dataText(data),
    log: checkpoint !== null && existsSync(earlier) ? dataText(earlier) : null,
    flags: verb === 'train' || verb === 'export' ? { 'base-name': name, ...flags } : flags,
  };
  if (needsOut.includes(verb)) {
    const single = verb === 'logits' || verb === 'grad';
    if (single && existsSync(target) && statSync(target).isDirectory())
      throw badArgument(`${target} is a folder, not a file.`, 'Give --out the name of a file.');
    writableFolder(single ? dirname(target) : target);
  }
  const stopper = new AbortController();
  // Token ids need no device: the shortest way there.
  const place = verb === 'tokenize' && given.device === undefined ? 'cpu' : device;
  const options = { out: target, checkpoint, signal: stopper.signal, log: console.error };
  const document = await stoppable(
    () => stopper.abort(),
    () =>
      place === 'chromium'
        ? inChromium(request, options)
        : withSources(async (load) => {
            const { toolInNode } = /** @type {typeof import('../toolsNode')} */ (
              await load('/scripts/toolsNode.ts')
            );
            return toolInNode(request, { ...options, device: place });
          }),
  );
  console.log(JSON.stringify(document));
  return 0;
}
