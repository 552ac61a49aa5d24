// `npm run -s lm -- VERB --model M [flags] [--device chromium|dawn|cpu] [--json]`: docs/contracts.md lists verbs and flags.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withPage } from './browser.mjs';
import { badArgument, CommandError, readFlags } from './commandError.mjs';
import { stoppable } from './interrupt.mjs';
import { restartForDawn, withSources } from './node.mjs';
import { writableFolder } from './outFolder.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const verbs = ['tokenize', 'logits', 'generate', 'grad', 'train', 'export'];
const needsOut = ['logits', 'grad', 'train', 'export'];

/** A bundled id, a folder or a .gguf file as a path. */
function modelPath(model) {
  if (!model) throw badArgument('--model is missing.', 'Give a bundled id, a model folder or a .gguf file.');
  const bundled = join(root, 'public/models', model);
  if (/^[a-z0-9-]+$/.test(model) && existsSync(join(bundled, 'config.json'))) return bundled;
  if (!existsSync(model))
    throw badArgument(`There is no model ${model}.`, 'Give a bundled id, a model folder or a .gguf file.');
  return resolve(model);
}

/** A PEFT folder, or a training's output folder that holds adapter/. */
function adapterPath(folder) {
  if (folder === undefined) return null;
  const found = [folder, join(folder, 'adapter')].find((path) =>
    existsSync(join(path, 'adapter_config.json')),
  );
  if (!found) throw badArgument(`${folder} holds no adapter_config.json.`, 'Give a PEFT folder.');
  return resolve(found);
}

function dataText(path) {
  if (path === undefined) return null;
  if (!existsSync(path)) throw badArgument(`There is no file ${path}.`, 'Check --data.');
  return readFileSync(path, 'utf8');
}

async function inChromium(request, { out, checkpoint, backend, signal, log }) {
  const mounts = [];
  const mount = (path) => {
    if (path === null) return null;
    const folder = statSync(path).isDirectory();
    mounts.push(path);
    return { index: mounts.length - 1, name: folder ? '' : encodeURIComponent(basename(path)) };
  };
  const places = {
    model: mount(request.model),
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
        () => void page.evaluate(() => window.arkletTools.stop()).catch(() => {}),
      );
      const url = (place) => (place === null ? null : urls.files[place.index] + place.name);
      const outcome = await page.evaluate((given) => window.arkletTools.tool(given), {
        ...request,
        model: url(places.model),
        adapter: url(places.adapter),
        initAdapter: url(places.initAdapter),
        checkpointUrl: url(saved),
        backend,
        out: single ? urls.out + encodeURIComponent(basename(out)) : urls.out,
      });
      if (!outcome.ok) throw new CommandError(outcome.error);
      return outcome.value;
    },
  );
}

export async function main(args) {
  const valued = (name) => ['model', 'adapter', 'data', 'out', 'device', 'init-adapter'].includes(name);
  const { flags: given, rest } = readFlags(args, valued);
  const [verb, ...more] = rest;
  if (!verbs.includes(verb) || more.length > 0)
    throw badArgument(`"${rest.join(' ')}" is not a verb.`, `Verbs: ${verbs.join(', ')}.`);
  const {
    model,
    adapter,
    data,
    out,
    device = 'chromium',
    json: _json,
    'init-adapter': initAdapter,
    ...flags
  } = given;
  if (!['chromium', 'dawn', 'cpu'].includes(device))
    throw badArgument(`--device is "${device}".`, 'Devices: chromium, dawn, cpu.');
  if (needsOut.includes(verb) && out === undefined)
    throw badArgument('--out is missing.', 'Say where the result goes.');
  if (device === 'dawn' && restartForDawn()) return restartForDawn.status;
  const request = {
    verb,
    model: modelPath(model),
    adapter: adapterPath(adapter),
    initAdapter: adapterPath(initAdapter),
    data: dataText(data),
    log: null,
    flags: verb === 'train' || verb === 'export' ? { 'base-name': model, ...flags } : flags,
  };
  const target = resolve(out ?? '.');
  if (needsOut.includes(verb)) {
    const single = verb === 'logits' || verb === 'grad';
    if (single && existsSync(target) && statSync(target).isDirectory())
      throw badArgument(`${target} is a folder, not a file.`, 'Give --out the name of a file.');
    writableFolder(single ? dirname(target) : target);
  }
  const checkpoint =
    verb === 'train' && existsSync(join(target, 'checkpoint.safetensors'))
      ? join(target, 'checkpoint.safetensors')
      : null;
  if (checkpoint && existsSync(join(target, 'log.jsonl'))) request.log = dataText(join(target, 'log.jsonl'));
  const stopper = new AbortController();
  const log = (line) => console.error(line);
  // Token ids need no device: the shortest way there.
  const place = verb === 'tokenize' && given.device === undefined ? 'cpu' : device;
  const options = { out: target, checkpoint, signal: stopper.signal, log };
  const document = await stoppable(
    () => stopper.abort(),
    () =>
      place === 'chromium'
        ? inChromium(request, { ...options, backend: 'webgpu' })
        : withSources(async (load) =>
            (await load('/scripts/toolsNode.ts')).toolInNode(request, { ...options, device: place }),
          ),
  );
  console.log(JSON.stringify(document));
  return 0;
}
