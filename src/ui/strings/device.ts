/** Words of the panel "This device", of the notice of a new version, and of notifications. */
import { formatBytes } from '../format';

export const strings = {
  title: 'This device',
  open: 'This device',

  update: 'A new version of Arklet is ready.',
  isolate: (threads: number): string => `Reload to use ${threads} threads instead of one.`,
  reload: 'Reload now',
  later: 'Later',

  offline: {
    title: 'Without a network',
    none: 'This browser keeps no app here (it needs https or localhost, and no private window).',
    storing: 'Storing the app, the bundled models and the recorded run …',
    ready: (bytes: number): string =>
      `Ready: the app, the bundled models and the recorded run are stored (${formatBytes(bytes)}). The whole job works without a network.`,
    failed: 'Not everything could be stored.',
    failedHint: 'Free some space or reconnect, then reload the page.',
    libraries: 'Libraries for downloaded models (WebLLM, Transformers.js) are stored when first used.',
    keep: (bytes: number): string => `Store them now (${formatBytes(bytes)})`,
    keeping: 'Storing …',
    kept: 'Libraries for downloaded models are stored too.',
    install: 'Install as an app',
  },

  notify: {
    title: 'When a run ends',
    label: 'Show a notification',
    denied: 'This browser blocks notifications for this page; allow them in its site settings.',
    none: 'This browser has no notifications.',
    done: (name: string): string => `${name} is done`,
    failed: (name: string): string => `${name} stopped with an error`,
    doneBody: 'The comparison is ready.',
  },
} as const;
