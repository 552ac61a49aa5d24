/** WebGPU by Dawn in Node: on the machine's own driver with ARKLET_DAWN_NATIVE=1, else on SwiftShader. */
import { dawnPossible } from '../../scripts/lib/dawn.mjs';
import { dawnBackend } from '../../scripts/toolsNode';
import { holdBackends } from '../support/backendSuite';

holdBackends([
  {
    name: 'Dawn',
    open: async () =>
      dawnPossible() ? dawnBackend() : 'no driver: ARKLET_DAWN_NATIVE=1 takes the machine’s own GPU',
  },
]);
