/** Chat templates as transformers renders them with Python's Jinja2, within a budget. */
import type { Statement } from './ast';
import { Budget, TemplateError } from './errors';
import { globals } from './globals';
import { Interpreter } from './interpreter';
import { parse } from './parser';
import { FrameNames } from './symbols';
import { fromJson } from './values';

function guarded<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    // The engine's own stack ends before deeply nested templates do.
    if (error instanceof RangeError) throw new TemplateError('budget', 'it is nested too deeply');
    throw error;
  }
}

function read(source: string): { readonly body: readonly Statement[]; readonly names: FrameNames } {
  const body = parse(source);
  return { body, names: new FrameNames(body) };
}

/** A template; it is read when it is first rendered. */
export class Template {
  readonly #source: string;
  #parsed: { readonly body: readonly Statement[]; readonly names: FrameNames } | null = null;

  constructor(source: string) {
    this.#source = source;
  }

  /** Throws TemplateError. `now` is for strftime_now. */
  render(values: Readonly<Record<string, unknown>>, now: () => Date = () => new Date()): string {
    return guarded(() => {
      this.#parsed ??= read(this.#source);
      const { body, names } = this.#parsed;
      const budget = new Budget();
      const given = globals(budget, now);
      for (const [name, value] of Object.entries(values)) given.set(name, fromJson(value));
      return new Interpreter(given, names, budget).render(body);
    });
  }
}
