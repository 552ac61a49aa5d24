/** Faults of a template: in its text, in what it does with the values it is given, or in how much it does. */

/**
 * syntax: the text is not a template that can be read here; refused: the template itself called raise_exception;
 * runtime: what Python would raise; budget: more work or text than any conversation needs.
 */
export type TemplateFault = 'syntax' | 'refused' | 'runtime' | 'budget';

export class TemplateError extends Error {
  readonly fault: TemplateFault;

  constructor(fault: TemplateFault, message: string) {
    super(message);
    this.name = 'TemplateError';
    this.fault = fault;
  }
}

export const syntax = (message: string, line: number): TemplateError =>
  new TemplateError('syntax', `${message} (line ${line})`);
export const runtime = (message: string): TemplateError => new TemplateError('runtime', message);

/** Bounds of one rendering. Jinja2's own sandbox has the one on ranges. */
export const limits = {
  /** Characters of a template: chat templates have some thousands. */
  source: 500_000,
  range: 100_000,
  steps: 1_000_000,
  text: 1_000_000,
  /** Characters and items read or made by operations on long values. */
  work: 100_000_000,
  depth: 200,
  /** No conversation takes a tenth of this. It is looked at between operations: one that could take long alone counts its work. */
  seconds: 2,
} as const;

/** Counts the work of one rendering and ends it where a limit is passed. */
export class Budget {
  #steps = 0;
  readonly #began = performance.now();
  #work = 0;
  #depth = 0;

  step(): void {
    if (++this.#steps > limits.steps)
      throw new TemplateError('budget', `it takes more than ${limits.steps} steps`);
    if (this.#steps % 64 === 0 || this.#work > this.#looked) this.#look();
  }

  /** Work after which the clock is looked at with the next step. */
  #looked = 0;

  #look(): void {
    this.#looked = this.#work + 100_000;
    if (performance.now() - this.#began > 1000 * limits.seconds)
      throw new TemplateError('budget', `it takes more than ${limits.seconds} seconds`);
  }

  /** An operation that reads or makes `size` characters or items. */
  charge(size: number): void {
    this.#work += size;
    if (this.#work > limits.work) throw new TemplateError('budget', 'it reads too much text again and again');
  }

  /** A value of `size` characters or items is about to be made. */
  make(size: number): void {
    if (!(size <= limits.text))
      throw new TemplateError('budget', `it makes a text of more than ${limits.text} characters`);
    this.charge(size);
  }

  enter<T>(run: () => T): T {
    if (++this.#depth > limits.depth)
      throw new TemplateError('budget', `its macros call each other more than ${limits.depth} deep`);
    try {
      return run();
    } finally {
      this.#depth--;
    }
  }
}
