/** A page that is worked with the keyboard alone. */
import type { Browser, BrowserContext, Download, Page } from 'playwright';

export interface ChosenFile {
  readonly name: string;
  readonly text: string | Buffer;
}

export class Keys {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#page.keyboard.press(key);
  }

  /** What the focus is on: its label, else its words. */
  focused(): Promise<string> {
    return this.#page.evaluate(() => {
      const at = document.activeElement;
      const labelled =
        at instanceof HTMLInputElement ||
        at instanceof HTMLSelectElement ||
        at instanceof HTMLTextAreaElement;
      const label = labelled ? at.labels?.[0]?.textContent : undefined;
      return (at?.getAttribute('aria-label') ?? label ?? at?.textContent ?? '').replace(/\s+/g, ' ').trim();
    });
  }

  /** On by Tab, or back by Shift+Tab, to the next control of this name. */
  async tabTo(name: RegExp, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
    const passed: string[] = [];
    for (let i = 0; i < 150; i++) {
      await this.press(key);
      const at = await this.focused();
      if (name.test(at)) return;
      passed.push(at.slice(0, 30));
    }
    throw new Error(`no way by ${key} to ${name.source}; passed ${[...new Set(passed)].join(' | ')}`);
  }

  async go(name: RegExp, key: 'Enter' | 'Space' = 'Enter'): Promise<void> {
    await this.tabTo(name);
    await this.press(key);
  }

  /** Tabs to a text field and types over what it holds. */
  async fill(name: RegExp, text: string): Promise<void> {
    await this.tabTo(name);
    await this.press('Control+a');
    await this.#page.keyboard.type(text);
  }

  /** Presses a button that saves a file, and gives the file. */
  async save(name: RegExp): Promise<Download> {
    await this.tabTo(name);
    const saving = this.#page.waitForEvent('download');
    await this.press('Enter');
    return saving;
  }

  /** Opens the file chooser of a field and takes files there: paths, or one file of this text. */
  async choose(name: RegExp, files: string | ChosenFile): Promise<void> {
    // Asked for early: the browser must know of it when the key is pressed.
    const choosing = this.#page.waitForEvent('filechooser');
    await this.go(name, 'Space');
    const chooser = await choosing;
    if (typeof files === 'string') await chooser.setFiles(files);
    else
      await chooser.setFiles({
        name: files.name,
        mimeType: 'application/octet-stream',
        buffer: Buffer.from(files.text),
      });
  }
}

/** A page of its own to be worked so, as wide as a laptop's; `patience` in milliseconds. */
export async function openForKeys(
  browser: Browser,
  patience: number,
  permissions: readonly string[] = [],
): Promise<{ context: BrowserContext; page: Page; keys: Keys }> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    serviceWorkers: 'block',
    reducedMotion: 'reduce',
    permissions: [...permissions],
  });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  return { context, page, keys: new Keys(page) };
}
