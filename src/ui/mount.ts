import { mount } from 'svelte';
import App from './App.svelte';
import './app.css';
import { Session, type SessionSources } from './state/session.svelte';

export interface MountedApp {
  readonly session: Session;
  /** For svelte's unmount. */
  readonly component: Record<string, unknown>;
}

/** Puts the page into `target` and shows the recorded run. */
export function mountApp(target: HTMLElement, sources: SessionSources): MountedApp {
  const session = new Session(sources);
  const component = mount(App, { target, props: { session } });
  void session.showRecorded();
  return { session, component };
}
