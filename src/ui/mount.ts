import { mount } from 'svelte';
import App from './App.svelte';
import './app.css';
import { Offline } from './shell/offline.svelte';
import { Session } from './state/session.svelte';
import type { SessionSources } from './state/sessionParts';

export interface MountedApp {
  readonly session: Session;
  readonly offline: Offline;
  /** For svelte's unmount. */
  readonly component: Record<string, unknown>;
}

/** Puts the page into `target` and shows the recorded run. Without `offline` nothing is kept for use without a network. */
export function mountApp(
  target: HTMLElement,
  sources: SessionSources,
  offline: Offline = new Offline(null),
): MountedApp {
  const session = new Session(sources, offline);
  const component = mount(App, { target, props: { session, offline } });
  void session.screen.showRecorded();
  return { session, offline, component };
}
