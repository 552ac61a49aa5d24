/** The bundled student on the WASM backend. */
import { NodeSource } from '../../../../scripts/nodeSource';
import type { Backend } from '../../../../src/compute/ops';
import { createWasmBackend } from '../../../../src/compute/wasmBackend';
import { loadModel } from '../../../../src/lm/load';
import { loadTokenizer } from '../../../../src/lm/tokenizer';
import type { LanguageModel, Tokenizer } from '../../../../src/lm/types';

export interface Student {
  readonly backend: Backend;
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
  dispose(): void;
}

export async function loadStudent(): Promise<Student> {
  const backend = await createWasmBackend();
  const source = await NodeSource.open('public/models/student');
  const model = await loadModel(source, backend, { owner: 'student' });
  const tokenizer = await loadTokenizer(source, { eosIds: model.config.eosIds });
  return { backend, model, tokenizer, dispose: () => backend.dispose() };
}
