/** When a page that its host does not isolate is reloaded, so that its own service worker isolates it. */
const mark = 'arklet-isolated';

/** The threads of an isolated page. */
export const isolatedThreads = (): number => Math.min(16, navigator.hardwareConcurrency);

/** Not isolated, and a reload may change that: in a frame the page around would have to be isolated too. */
export function couldBeIsolated(): boolean {
  return !crossOriginIsolated && window.top === window && isolatedThreads() > 1;
}

/** Nobody has clicked or typed yet: a reload takes nothing away. */
export function isUntouched(): boolean {
  return 'userActivation' in navigator && !navigator.userActivation.hasBeenActive;
}

/** True once in a tab; never where that cannot be remembered. */
export function firstReload(storage: () => Storage = () => sessionStorage): boolean {
  try {
    const tab = storage();
    if (tab.getItem(mark) !== null) return false;
    tab.setItem(mark, '1');
    return tab.getItem(mark) !== null;
  } catch {
    // Storage is blocked.
    return false;
  }
}
