/** Types of browser.mjs for tests. */
import type { Page } from 'playwright';

export function withPage<T>(
  options: { readonly out?: string; readonly userDataDir?: string; readonly query?: string },
  work: (
    page: Page,
    urls: { readonly app: string; readonly files: readonly string[]; readonly out: string },
  ) => Promise<T>,
): Promise<T>;
