import { mount } from 'svelte';
import App from './App.svelte';
import './app.css';
import { Session, type SessionSources } from './state/session.svelte';

/** Puts the page into `target` and shows the recorded run. */
export function mountApp(target: HTMLElement, sources: SessionSources): Session {
  const session = new Session(sources);
  mount(App, { target, props: { session } });
  void session.showRecorded();
  return session;
}
