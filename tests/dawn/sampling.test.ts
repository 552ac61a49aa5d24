/** Tokens that the device chooses, as a GPU does it and a software adapter does not. */
import { describe, test } from 'vitest';
import { caseName } from '../../src/compute/opCase';
import { holdAgainstReference } from '../support/backendSuite';
import { samplingTable } from '../support/opTable';
import { dawnDevice } from '../support/dawnDevice';

const opened = dawnDevice({ sampling: 'device' });

describe('tokens of the device equal those of the reference', () => {
  test.for(samplingTable.map((one) => [caseName(one), one] as const))(
    '%s',
    { timeout: 300_000 },
    async ([, one], context) => {
      await holdAgainstReference(opened(context), one);
    },
  );
});
