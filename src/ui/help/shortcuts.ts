/** Every single-key shortcut: one table that the keyboard follows and that the help prints. */
import type { Appearance } from '../state/appearance.svelte';
import type { Panels } from '../state/panels.svelte';
import type { Session } from '../state/session.svelte';
import { helpStrings } from '../strings/help';

export interface Desk {
  readonly session: Session;
  readonly panels: Panels;
  readonly appearance: Appearance;
}

export type ShortcutId = keyof typeof helpStrings.keys;

export interface Shortcut {
  readonly id: ShortcutId;
  readonly group: keyof typeof helpStrings.groups;
  /** `KeyboardEvent.key`, letters in lower case. */
  readonly key: string;
  press(desk: Desk): void;
}

function start(session: Session): Promise<void> {
  return session.active ? Promise.resolve() : session.start();
}

function pauseOrGoOn(session: Session): Promise<void> {
  if (!session.active || session.busy) return Promise.resolve();
  return session.job?.status === 'paused' ? session.unpause() : session.pause();
}

/** Selects the question `by` places on, of those that the debate view lists. */
function walkQuestions(session: Session, by: number): void {
  const ids = session.view?.questionIds(null, null) ?? [];
  const at = session.selected === null ? -1 : ids.indexOf(session.selected);
  session.selected = ids[Math.min(ids.length - 1, Math.max(0, at + by))] ?? null;
}

export const shortcuts: readonly Shortcut[] = [
  {
    id: 'run',
    group: 'run',
    key: 'r',
    press: ({ session, appearance }) =>
      void (session.busy ? undefined : appearance.stage ? session.restart.press() : start(session)),
  },
  { id: 'pause', group: 'run', key: 'p', press: ({ session }) => void pauseOrGoOn(session) },
  {
    id: 'step',
    group: 'run',
    key: '.',
    press: ({ session }) => void (session.job?.status === 'paused' ? session.stepOnce() : undefined),
  },
  {
    id: 'stop',
    group: 'run',
    key: 'x',
    press: ({ session }) => void (session.active ? session.stop() : undefined),
  },
  { id: 'debate', group: 'look', key: '1', press: ({ session }) => session.chooseStep('debate') },
  { id: 'distil', group: 'look', key: '2', press: ({ session }) => session.chooseStep('distil') },
  { id: 'compare', group: 'look', key: '3', press: ({ session }) => session.chooseStep('compare') },
  { id: 'next', group: 'look', key: 'j', press: ({ session }) => walkQuestions(session, 1) },
  { id: 'previous', group: 'look', key: 'k', press: ({ session }) => walkQuestions(session, -1) },
  { id: 'guide', group: 'look', key: 'g', press: ({ panels }) => panels.walk(panels.guide === null ? 1 : 0) },
  { id: 'ask', group: 'panels', key: 'a', press: ({ panels }) => panels.open('ask') },
  { id: 'runs', group: 'panels', key: 'u', press: ({ panels }) => panels.open('runs') },
  { id: 'settings', group: 'panels', key: 's', press: ({ panels }) => panels.open('settings') },
  { id: 'kernels', group: 'panels', key: 'w', press: ({ panels }) => panels.open('kernels') },
  { id: 'help', group: 'panels', key: '?', press: ({ panels }) => panels.open('help') },
  { id: 'theme', group: 'page', key: 't', press: ({ appearance }) => appearance.cycleTheme() },
  { id: 'stage', group: 'page', key: 'm', press: ({ appearance }) => appearance.toggleStage() },
];

/** Keys that the browser and the controls themselves follow; printed beside the others. */
export const nativeKeys: readonly { readonly id: ShortcutId; readonly keys: string }[] = [
  { id: 'move', keys: 'Tab, Shift+Tab' },
  { id: 'press', keys: 'Enter, Space' },
  { id: 'arrows', keys: '← → ↑ ↓, Home, End' },
  { id: 'escape', keys: 'Escape' },
];

function typesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true;
  if (target instanceof HTMLSelectElement) return true;
  return (
    target instanceof HTMLInputElement &&
    !['checkbox', 'radio', 'button', 'range', 'file'].includes(target.type)
  );
}

/** Follows one key; true when it was a shortcut. Nothing happens while text is typed, a panel is open, or with Ctrl, Alt, Meta. */
export function followKey(event: KeyboardEvent, desk: Desk): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return false;
  if (typesText(event.target)) return false;
  const { panels, appearance } = desk;
  if (panels.shown !== null || document.querySelector('dialog[open]') !== null) return false;
  if (!appearance.singleKeys && event.key !== '?') return false;
  const found = shortcuts.find(({ key }) => key === (event.key.length === 1 ? event.key.toLowerCase() : ''));
  if (!found) return false;
  event.preventDefault();
  found.press(desk);
  return true;
}
