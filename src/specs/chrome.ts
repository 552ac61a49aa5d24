/** The name of the model that the browser itself brings (Chrome's Prompt API; Edge has it too). */
import { ConfigError } from '../core/errors';
import type { Grammar } from './grammar';

export interface ChromeSpec {
  readonly runtime: 'chrome';
  readonly place: 'browser';
}

const name = 'built-in';

/** `chrome:`, or `chrome:built-in` as it is written. The browser keeps and downloads the model: the app contacts nobody. */
export const chrome: Grammar<ChromeSpec> = {
  prefix: 'chrome:',
  parse(rest, text) {
    if (rest === '' || rest === name) return { runtime: 'chrome', place: 'browser' };
    throw new ConfigError(
      `"${text}" names no model of the browser.`,
      `Write chrome:${name}: it has only one.`,
    );
  },
  write: () => name,
  label: () => 'The browser’s built-in model',
  contacts: () => [],
  keeper: () => 'none',
};
