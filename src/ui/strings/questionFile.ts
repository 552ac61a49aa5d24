/** Words about a question file of the user's own: whether it is here, and whether the chosen models can read it. */
import type { Hopeless } from '../../tasks/questionFiles';
import { formatCount, formatPlural } from '../format';

const questions = (count: number): string => formatPlural(count, 'question', 'questions');

export const fileStrings = {
  needed: (name: string): string => `These settings need ${name}, which is not on this device.`,
  neededHelp: 'A link names the file, but does not hold it.',
  neededDataset: 'It is a dataset of the hub.',
  fetch: (name: string): string => `Read ${name}`,
  looking: (name: string): string => `Looking for ${name} …`,
  pick: (name: string): string => `Pick ${name}`,
  without: 'Use the bundled problems instead',

  words: (bundled: boolean, known: number, words: number, name: string): string =>
    `${bundled ? 'The bundled models know' : 'The chosen models know'} only ${formatCount(known)} of the ${formatCount(words)} words of ${name}.`,
  signs: (bundled: boolean, name: string): string =>
    `${bundled ? 'The bundled models lack' : 'The chosen models lack'} characters that ${name} uses.`,
  lacking: (words: readonly string[]): string => `Not known: ${words.join(', ')} …`,
  hopeless: ({ who, why, questions: count }: Hopeless): string => {
    const one = count === 1;
    const all = one ? 'the one training question' : `of the ${formatCount(count)} training questions`;
    const reader = who === 'agents' ? 'No agent can' : one ? 'The student cannot' : 'The student can';
    const which = one ? all : `${who === 'agents' ? 'any' : 'none'} ${all}`;
    const what = why === 'words' ? `read ${which} whole` : `fit ${which} into its context`;
    return `${reader} ${what}, so a run on them cannot learn anything.`;
  },
  some: (count: number, all: number): string =>
    `They cannot read ${formatCount(count)} of its ${questions(all)} whole.`,
  choose: 'Choose models that read English, for the agents and for the student:',
  sources: { files: 'Local files', hub: 'Hugging Face', endpoint: 'A server' },
  anyway: 'Run anyway',
  stopped: 'Not started.',

  tooLong: (count: number, tokens: number | null, context: number | null): string =>
    `${questions(count)} ${count === 1 ? 'is' : 'are'} too long${
      tokens === null || context === null
        ? ''
        : ` (${count === 1 ? '' : 'up to '}${formatCount(tokens)} of ${formatCount(context)} tokens)`
    }: skipped`,
  tooLongHelp: 'Without an answer it counts as wrong. The run continues.',
  tooLongBefore: 'No model can answer it: it counts as wrong.',
  tight: (count: number, room: number, asked: number): string =>
    `${questions(count)} ${count === 1 ? 'leaves' : 'leave'} as little as ${formatPlural(room, 'token', 'tokens')} for an answer, which may take ${formatCount(asked)}: longer answers are cut.`,
  shorter: (room: number): string => `Allow ${formatPlural(room, 'token', 'tokens')} an answer`,
  noShots: 'Leave the examples out',
  unsayable: (count: number, words: readonly string[]): string =>
    `${formatPlural(count, 'right answer', 'right answers')} cannot be written by these models, which lack ${words.slice(0, 6).join(', ')}.`,
  unchecked: (names: readonly string[]): string =>
    `Not checked, because not on this device: ${names.join(', ')}.`,

  show: (count: number): string => (count === 1 ? 'Show it' : 'Show the first'),
  showAll: (count: number): string => (count === 1 ? 'Show it' : 'Show them'),

  linkNeeds: (name: string): string =>
    `Copied. The link needs ${name}: the file is not in it, so send it along.`,
  drop: 'Drop a question file to use it',
} as const;
