/** From names on a command line, which may be paths of this machine, to names that the page resolves (Node only). */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ConfigError } from '../../src/core/errors';
import { isEngineName } from '../../src/specs/engine';
import { parseSpec, parseSpecOf, readSpec, specId, splitName } from '../../src/specs/spec';

/** What a run trained, by its report.json; null where that was a path of the machine at that time, or nothing says it. */
function studentOfRun(folder: string): string | null {
  const file = join(folder, 'report.json');
  if (!existsSync(file)) return null;
  try {
    const { config } = JSON.parse(readFileSync(file, 'utf8')) as { config?: { student?: unknown } };
    const student = config?.student;
    return typeof student === 'string' && readSpec(student)?.place !== 'path' ? student : null;
  } catch {
    return null;
  }
}

/** A folder or file that is served to the page under files/N/; a folder may keep its name. */
export type Mount = string | { readonly folder: string; readonly name: string };

export class Mounts {
  readonly paths: Mount[] = [];
  /** Addresses of the servers that were named. */
  readonly endpoints = new Set<string>();
  readonly #unpacked: ReadonlyMap<string, string>;

  /** `unpacked`: folders of adapters that came as a .zip, by its path. */
  constructor(unpacked: ReadonlyMap<string, string> = new Map()) {
    this.#unpacked = unpacked;
  }

  /** A folder or file becomes files/N/NAME, anything else stays. Throws ConfigError. */
  spec(text: string): string {
    const { runtime, rest } = splitName(text);
    switch (runtime) {
      case 'recorded':
        return this.#recorded(text);
      case 'transformers':
        return existsSync(join(rest, 'config.json'))
          ? specId({ runtime, place: 'path', address: this.#folder(rest), dtype: null })
          : this.#asItIs(text);
      case 'webllm':
        return this.#webllm(text);
      case 'adapter':
        return this.#adapter(text, rest);
      case 'engine':
        // Ids of bundled models have no such characters, so that no folder is taken for one.
        return isEngineName(text) || !/[\\/.]/.test(text) ? this.#asItIs(text) : this.#path(text);
      default:
        return this.#asItIs(text);
    }
  }

  /** `--personas NAME|FILE` as the page reads it: a preset's name or JSON. A persona's model may be a path. */
  personas(text: string): string {
    const file = existsSync(text) && statSync(text).isFile();
    if (!file && !text.trim().startsWith('[')) return text;
    let list: unknown;
    try {
      list = JSON.parse(file ? readFileSync(text, 'utf8') : text);
    } catch (cause) {
      throw new ConfigError(
        `${file ? text : 'What stands for the personas'} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
        'Write a list of {name, system?, ...}.',
        { cause },
      );
    }
    if (!Array.isArray(list)) {
      throw new ConfigError(`${text} holds no list.`, 'Write a list of {name, system?, ...}.');
    }
    const own = (one: unknown): unknown =>
      typeof one === 'object' && one !== null && 'model' in one && typeof one.model === 'string'
        ? { ...one, model: this.spec(one.model) }
        : one;
    return JSON.stringify(list.map(own));
  }

  file(path: string): string {
    if (!existsSync(path) || !statSync(path).isFile())
      throw new ConfigError(`There is no file ${path}.`, 'Check the path.');
    return `files/${this.#add(resolve(path))}/${encodeURIComponent(basename(path))}`;
  }

  /** The page would refuse an impossible name too, later. */
  #asItIs(text: string): string {
    const spec = parseSpec(text);
    if (spec.runtime === 'endpoint') this.endpoints.add(spec.url);
    return text;
  }

  /** The folder of a run, or one of its two files that hold the debate. */
  #recorded(text: string): string {
    const spec = parseSpecOf('recorded', text);
    if (spec.place !== 'path') return text;
    const folder = existsSync(spec.address) && statSync(spec.address).isDirectory();
    const address = this.file(folder ? join(spec.address, 'trajectories.jsonl') : spec.address);
    return specId({ ...spec, address });
  }

  /** A PEFT folder or .zip, or RUN/STRATEGY[-SEED] where RUN is the folder of a finished run, which says what was trained. */
  #adapter(text: string, rest: string): string {
    const [, where = '', hash, base] = /^(.+?)(?:@([0-9a-f]{16}))?(?:\?base=(.+))?$/s.exec(rest) ?? [];
    if (/^https?:/.test(where)) return this.#asItIs(text);
    const trained = join(dirname(where), 'adapters');
    const name = basename(where);
    const folder = [this.#unpacked.get(where) ?? where, join(trained, name), join(trained, `${name}-0`)].find(
      (one) => existsSync(join(one, 'adapter_config.json')),
    );
    if (folder === undefined) {
      throw new ConfigError(
        `There is no adapter at ${where}.`,
        'Give a PEFT folder or its .zip with its model, as in adapter:FOLDER?base=MODEL, or a finished run and its strategy, as in adapter:runs/quick/rsft.',
      );
    }
    const model = base ?? studentOfRun(dirname(where));
    if (model === null) {
      throw new ConfigError(
        `It is not said which model the adapter at ${where} belongs to.`,
        'Add ?base= and the name of that model.',
      );
    }
    return specId({
      runtime: 'adapter',
      place: 'path',
      address: `${this.#folder(folder)}/`,
      base: this.spec(model),
      hash: hash ?? null,
    });
  }

  /** Folder of the weights and file of the library, where they are on this machine. */
  #webllm(text: string): string {
    const spec = parseSpecOf('webllm', text);
    if (spec.place !== 'address') return text;
    const { weights, library } = spec;
    return specId({
      ...spec,
      weights: existsSync(weights) ? `files/${this.#add(resolve(weights))}/` : weights,
      library: existsSync(library) ? this.file(library) : library,
    });
  }

  #path(text: string): string {
    if (!existsSync(text))
      throw new ConfigError(
        `There is no model at ${text}.`,
        'Give a folder with config.json or a .gguf file.',
      );
    if (!statSync(text).isDirectory()) return this.file(text);
    if (existsSync(join(text, 'config.json'))) return this.#folder(text);
    throw new ConfigError(`${text} holds no config.json.`, 'Give a Hugging Face model folder.');
  }

  /** The folder's own name is part of the model's. */
  #folder(path: string): string {
    const folder = resolve(path);
    const name = basename(folder);
    return `files/${this.#add({ folder, name })}/${encodeURIComponent(name)}`;
  }

  #add(mount: Mount): number {
    const known = this.paths.findIndex((one) => JSON.stringify(one) === JSON.stringify(mount));
    return known >= 0 ? known : this.paths.push(mount) - 1;
  }
}
