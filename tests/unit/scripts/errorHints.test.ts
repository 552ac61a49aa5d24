/** What a command's error says to do: errors of the sources have their own hint. */
import { expect, it } from 'vitest';
import { CommandError, hintOf } from '../../../scripts/lib/commandError.mjs';
import { ModelError } from '../../../src/core/errors';

it('is the error’s own hint, be it of the scripts or of the sources, and nothing for any other', () => {
  const own = new CommandError({ code: 'config', message: 'No.', hint: 'Give --out.' });
  expect([own, new ModelError('No.', 'Pick another.'), new Error('No.'), 'text', null].map(hintOf)).toEqual([
    'Give --out.',
    'Pick another.',
    undefined,
    undefined,
    undefined,
  ]);
});
