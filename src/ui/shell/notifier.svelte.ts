/** A notification when a run ends while the page is hidden, if the user asked for it and the browser allows it. */
const key = 'arklet-notify';

export class Notifier {
  wanted = $state(false);
  permission = $state<NotificationPermission | 'none'>('none');

  constructor() {
    this.permission = 'Notification' in globalThis ? Notification.permission : 'none';
    try {
      this.wanted = this.permission === 'granted' && localStorage.getItem(key) === 'yes';
    } catch {
      // Storage is refused: off until asked for.
    }
  }

  /** Asks the browser where it has not been asked; only from a click. */
  async want(wanted: boolean): Promise<void> {
    if (wanted && this.permission === 'default') this.permission = await Notification.requestPermission();
    this.wanted = wanted && this.permission === 'granted';
    try {
      localStorage.setItem(key, this.wanted ? 'yes' : 'no');
    } catch {
      // Not remembered; it holds for this visit.
    }
  }

  async tell(title: string, body: string): Promise<void> {
    if (!this.wanted || document.visibilityState === 'visible') return;
    const options: NotificationOptions = { body, icon: 'icons/icon-192.png', tag: 'arklet-run' };
    try {
      // Phones show notifications of service workers alone.
      const registration = await navigator.serviceWorker?.getRegistration();
      if (registration?.active) await registration.showNotification(title, options);
      else new Notification(title, options);
    } catch {
      // Refused in the meantime: the page shows it anyway.
    }
  }
}
