/** Installing the page as an app, in browsers that let a page offer it (others have it in their own menu). */

/** Not in TypeScript's DOM: Chromium alone has it. Its prompt works once. */
interface InstallEvent extends Event {
  prompt(): Promise<unknown>;
}

export class Installer {
  /** The browser's offer; null where there is none, or it was taken. */
  offer = $state.raw<InstallEvent | null>(null);

  /** Keeps the offer for a button of ours until the app is installed. Returns what ends it. */
  listen(): () => void {
    const keep = (event: Event): void => {
      event.preventDefault();
      this.offer = event as InstallEvent;
    };
    const drop = (): void => void (this.offer = null);
    addEventListener('beforeinstallprompt', keep);
    addEventListener('appinstalled', drop);
    return () => {
      removeEventListener('beforeinstallprompt', keep);
      removeEventListener('appinstalled', drop);
    };
  }

  /** Shows the browser's prompt; only from a click. After a refusal it is shown when the browser offers it again. */
  async ask(): Promise<void> {
    const { offer } = this;
    this.offer = null;
    await offer?.prompt();
  }
}
