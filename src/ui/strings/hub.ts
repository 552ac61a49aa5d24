/** Words of the hub in the model picker: search, token, mirror. */
import { formatCount } from '../format';

const size = (parameters: number): string =>
  parameters >= 1e9 ? `${(parameters / 1e9).toFixed(1)} B` : `${formatCount(Math.round(parameters / 1e6))} M`;

export const hubStrings = {
  found: (count: number, words: string): string =>
    count === 0 ? `The hub has no language model named like "${words}".` : `${formatCount(count)} found:`,
  facts: (parameters: number | null, licence: string | null): string =>
    [parameters === null ? null : size(parameters), licence].filter((part) => part !== null).join(' · '),
  gated: 'gated',
  gguf: 'GGUF',
  title: 'Gated models and mirrors',
  token: 'Token of your account',
  tokenHelp:
    'For gated and private repositories. Kept in memory until the page closes, never stored, and sent to huggingface.co alone.',
  tokenThere: 'A token is in use.',
  mirror: 'Mirror in place of huggingface.co',
  mirrorHelp: 'Gets every request of the hub’s, and never the token. Kept on this device.',
  mirrorPlaceholder: 'https://hub.example.org',
  apply: 'Apply',
  forget: 'Forget the token',
  applied: 'Applied.',
} as const;
