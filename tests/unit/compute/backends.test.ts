/** The CPU's backends in Node. */
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { holdBackends } from '../../support/backendSuite';
import { attentionTable, loraPairTable, opTable } from '../../support/opTable';

holdBackends(
  [
    { name: 'WASM on one thread', open: () => createWasmBackend() },
    { name: 'WASM on three threads', open: () => createWasmBackend({ threads: 3 }) },
    { name: 'the reference', open: async () => createReferenceBackend() },
  ],
  {
    ...opTable,
    'attention over tiles and long heads': attentionTable,
    'LoRA of two linears at once': loraPairTable,
  },
);
