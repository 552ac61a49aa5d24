/** Every single-key shortcut: one table that the keyboard follows and that the help prints. */
import type { Appearance } from '../state/appearance.svelte';
import type { Panels } from '../state/panels.svelte';
import type { Controls } from '../state/job/controls.svelte';
import type { Screen } from '../state/screen.svelte';
import type { Restart } from '../state/restart.svelte';
import { helpStrings } from '../strings/help';

export interface Desk {
  readonly controls: Controls;
  readonly screen: Screen;
  readonly restart: Restart;
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

function start(controls: Controls): Promise<void> {
  return controls.active ? Promise.resolve() : controls.start();
}

function pauseOrGoOn(controls: Controls): Promise<void> {
  if (!controls.active || controls.busy) return Promise.resolve();
  return controls.job?.status === 'paused' ? controls.unpause() : controls.pause();
}

/** Selects the question `by` places on, of those that the debate view lists. */
function walkQuestions(screen: Screen, by: number): void {
  const ids = screen.view?.questionIds(null, null) ?? [];
  const at = screen.selected === null ? -1 : ids.indexOf(screen.selected);
  screen.selected = ids[Math.min(ids.length - 1, Math.max(0, at + by))] ?? null;
}

export const shortcuts: readonly Shortcut[] = [
  {
    id: 'run',
    group: 'run',
    key: 'r',
    press: ({ controls, restart, appearance }) =>
      void (controls.busy ? undefined : appearance.stage ? restart.press() : start(controls)),
  },
  { id: 'pause', group: 'run', key: 'p', press: ({ controls }) => void pauseOrGoOn(controls) },
  {
    id: 'step',
    group: 'run',
    key: '.',
    press: ({ controls }) => void (controls.job?.status === 'paused' ? controls.stepOnce() : undefined),
  },
  {
    id: 'stop',
    group: 'run',
    key: 'x',
    press: ({ controls }) => void (controls.active || controls.starting ? controls.stop() : undefined),
  },
  { id: 'debate', group: 'look', key: '1', press: ({ screen }) => screen.chooseStep('debate') },
  { id: 'distil', group: 'look', key: '2', press: ({ screen }) => screen.chooseStep('distil') },
  { id: 'compare', group: 'look', key: '3', press: ({ screen }) => screen.chooseStep('compare') },
  { id: 'next', group: 'look', key: 'j', press: ({ screen }) => walkQuestions(screen, 1) },
  { id: 'previous', group: 'look', key: 'k', press: ({ screen }) => walkQuestions(screen, -1) },
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
